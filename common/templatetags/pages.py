"""The small parts of every page. They are tags, not includes: a board draws hundreds of them."""

from datetime import datetime, timedelta
from typing import Protocol

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common import context
from common.origin import kind_of_client

register = template.Library()

STEPS = 5
UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
LONG = {"d": "day", "h": "hour", "m": "minute", "s": "second"}


class Look(Protocol):
    """How a state looks: always a shape, a word and a tone."""

    icon: str
    word: str
    tone: str


@register.simple_tag
def telemetry() -> SafeString:
    """Let the page measure itself, where BROWSER_TELEMETRY wants it; its spans go on from the request that made it."""
    running = context.running()
    if not settings.BROWSER_TELEMETRY or running is None:
        return SafeString("")
    return format_html(
        '<script src="{}" data-traceparent="{}" data-to="{}" defer></script>',
        static("js/telemetry.js"),
        running.traceparent,
        reverse("telemetry"),
    )


@register.filter
def browser(user_agent: str) -> str:
    """Say in words which browser or program this is; the beginning of what it says itself where we do not know it."""
    return kind_of_client(user_agent) or user_agent[:80] or "Unknown browser"


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon. It is decoration: the word stands beside it."""
    return format_html('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>', static("vendor/icons.svg"), name)


@register.simple_tag
def pill(look: Look, since: datetime | None = None) -> SafeString:
    """Draw a state; with `since`, its clock runs."""
    running = format_html(" {}", clock(since)) if since else ""
    return format_html('<span class="pill {}">{}{}{}</span>', look.tone, icon(look.icon), look.word, running)


@register.simple_tag
def meter(steps: int, word: str) -> SafeString:
    """Draw how strong the weakest piece of evidence is: five steps, and the word for those who cannot see them."""
    bars = format_html_join("", '<b class="{}"></b>', (("on" if step < steps else "off",) for step in range(STEPS)))
    return format_html(
        '<span class="meter" role="img" aria-label="Weakest evidence: {}, {} of {}" title="{}">{}</span>',
        word, steps, STEPS, word, bars,
    )  # fmt: skip


@register.simple_tag
def digest(value: str) -> SafeString:
    """Show a digest by its ends, the whole of it to screen readers and to the copy button."""
    return format_html(
        '<span class="digest"><code title="{0}"><span aria-hidden="true">{1}…{2}</span>'
        '<span class="vh">{0}</span></code>'
        '<button type="button" data-js hidden data-copy="{0}" aria-label="Copy digest {1}">{3}</button></span>',
        value, value[:4], value[-4:], icon("copy"),
    )  # fmt: skip


def parts(seconds: float) -> tuple[int, str]:
    for unit, size in UNITS:
        if seconds >= size:
            return int(seconds // size), unit
    return 0, "s"


def time_tag(moment: datetime, kind: str, label: str) -> SafeString:
    """Print a time so that it is right without JavaScript and stays fresh with it (static/js/app.js)."""
    return format_html(
        '<time datetime="{}" data-as="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"), kind, moment.strftime("%Y-%m-%d %H:%M:%S UTC"), label,
    )  # fmt: skip


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """2 minutes ago."""
    if moment is None:
        return SafeString("—")
    amount, unit = parts((timezone.now() - moment).total_seconds())
    label = "now" if unit == "s" and amount < 1 else f"{amount} {LONG[unit]}{'' if amount == 1 else 's'} ago"
    return time_tag(moment, "long", label)


@register.simple_tag
def age(moment: datetime) -> SafeString:
    """2m, for cards."""
    amount, unit = parts((timezone.now() - moment).total_seconds())
    return time_tag(moment, "short", "now" if unit == "s" and amount < 5 else f"{amount}{unit}")


@register.simple_tag
def clock(moment: datetime) -> SafeString:
    """12:04, running."""
    return time_tag(moment, "clock", duration(timezone.now() - moment, colon=True))


@register.simple_tag
def left(moment: datetime) -> SafeString:
    """In 12 m, or expired."""
    seconds = (moment - timezone.now()).total_seconds()
    label = "expired" if seconds <= 0 else "in {}\u00a0{}".format(*parts(seconds))
    return time_tag(moment, "left", label)


@register.simple_tag
def at(moment: datetime) -> SafeString:
    """The full moment, on the 24-hour clock of the log (UTC)."""
    return format_html(
        '<time datetime="{}">{}</time>', moment.isoformat(timespec="seconds"), moment.strftime("%Y-%m-%d %H:%M:%S")
    )


@register.filter
def duration(span: timedelta | None, *, colon: bool = False) -> str:
    """8 min 40 s, or 8:40 for clocks."""
    if span is None:
        return "—"
    seconds = max(0, int(span.total_seconds()))
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if colon:
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {rest} s"
    return f"{span.total_seconds():.1f} s" if seconds < 10 else f"{seconds} s"


@register.filter
def initials(name: str) -> str:
    """AL for Ada Lovelace."""
    words = name.split()
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else list(name[:2])
    return "".join(letters).upper()
