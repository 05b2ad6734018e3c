"""One letter to one person: plain text, from a template in `templates/mail/`. Never inside a transaction."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

# RFC 3834: what answers by itself does not answer this.
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def send_letter(*, to: str, subject: str, template: str, **context: Any) -> None:
    """Send `mail/<template>.txt`. Raises `OSError` or `smtplib.SMTPException` where no mail server takes it."""
    body = render_to_string(f"mail/{template}.txt", {"site": settings.PUBLIC_URL, **context})
    # A subject is one line, whatever somebody wrote into it.
    EmailMessage(subject=" ".join(subject.split())[:200], body=body, to=[to], headers=HEADERS).send()
