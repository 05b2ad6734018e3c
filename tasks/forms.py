"""What people send from the pages."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from projects.models import CheckState, CriterionState, Verdict
from tasks.models import MAX_COMMENT, ApprovalAction, DependencyKind, HandoffPhase, WorkKind

LONG = 20_000
MOST_COMMANDS = 50
LONGEST_COMMAND = 1000


class DecisionForm(forms.Form):
    """An answer to an approval. The digest is that of the request the person was shown."""

    action = forms.ChoiceField(choices=ApprovalAction.choices, required=False)
    digest = forms.CharField(max_length=64)
    comment = forms.CharField(max_length=4000, error_messages={"required": "Say why: it is kept in the log."})
    selected_option = forms.CharField(max_length=100, required=False)
    amended_content = forms.JSONField(required=False, error_messages={"invalid": "This is not JSON."})
    next = forms.CharField(max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        """An amendment must say something; what was typed into the editor counts for no other answer."""
        answer = super().clean() or {}
        if answer.get("action") != ApprovalAction.AMEND:
            answer["amended_content"] = None
            self.errors.pop("amended_content", None)
        elif "amended_content" not in self.errors and not isinstance(answer.get("amended_content"), dict):
            self.add_error("amended_content", "The action is a JSON object: {…}.")
        return answer


class VerdictForm(forms.Form):
    """A maintainer's verdict on work in review."""

    verdict = forms.ChoiceField(choices=(("approved", "Sign off"), ("rejected", "Refuse")))
    comment = forms.CharField(max_length=4000)


class ReasonForm(forms.Form):
    """Why a task can go on."""

    reason = forms.CharField(max_length=2000)


class Text(forms.CharField):
    """Lines, as they were typed: browsers send each line's end as two characters."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"class": "input", "rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class Line(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}), **kwargs)


class Choice(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Select(attrs={"class": "input"}), **kwargs)


class PartForm(forms.Form):
    """A form of a task's page. It is shown again with what was typed and with what is wrong about it.

    `name` tells it from the other forms of the page, `action` is the address it is sent to.
    """

    verb: ClassVar[str]
    icon: ClassVar[str] = "check"
    tone: ClassVar[str] = ""

    def __init__(self, data: Any = None, *, name: str, action: str, initial: Any = None) -> None:
        super().__init__(data, auto_id=f"{name}-%s", initial=initial)
        self.name = name
        self.action = action


class CommentForm(PartForm):
    verb, icon, tone = "Comment", "message-square", "primary"
    content = Text(max_length=MAX_COMMENT, label="Your comment", error_messages={"required": "Write something first."})


class EditForm(PartForm):
    verb, icon, tone = "Save", "pencil", "primary"
    content = Text(max_length=MAX_COMMENT, label="What you said", error_messages={"required": "Write something first."})


class LineForm(PartForm):
    verb, icon = "Add", "plus"
    text = Line(max_length=500, label="Another line", error_messages={"required": "Write something first."})


class TickForm(PartForm):
    """A button; its value says what the line becomes."""

    verb = "Tick"
    done = forms.TypedChoiceField(choices=(("1", "done"), ("0", "not done")), coerce=lambda value: value == "1")


class BlockerForm(PartForm):
    verb, icon, tone = "Stop the task", "triangle-alert", "danger"
    reason = Line(max_length=500, label="What stands in the way", error_messages={"required": "Say what it is."})
    unblock_steps = Text(max_length=LONG, required=False, rows=2, label="How to get it going again")
    commands = Text(max_length=LONG, required=False, rows=2, label="Commands", help_text="one a line")

    def clean_commands(self) -> list[str]:
        commands = [line.strip() for line in self.cleaned_data["commands"].splitlines() if line.strip()]
        if len(commands) > MOST_COMMANDS or any(len(command) > LONGEST_COMMAND for command in commands):
            raise forms.ValidationError(f"At most {MOST_COMMANDS} commands of {LONGEST_COMMAND} characters each.")
        return commands


class ResolveForm(PartForm):
    verb, tone = "Resolve", "primary"
    resolution = Text(
        max_length=LONG, rows=2, label="What was done about it", error_messages={"required": "Say what was done."}
    )


class FileForm(PartForm):
    """The file itself never gets here: it goes into storage while it comes."""

    verb, icon = "Attach", "plus"
    file = forms.FileField(label="A file", required=False, widget=forms.FileInput(attrs={"class": "input"}))


class TakeOverForm(PartForm):
    """The three acknowledgements: the service refuses what is missing, and names it."""

    verb, tone = "Take it over", "primary"
    log_read = forms.BooleanField(required=False, label="I read the work log.")
    commits_reviewed = forms.BooleanField(required=False, label="I reviewed the commits.")
    blockers_checked = forms.BooleanField(required=False, label="I checked the blockers.")
    comment = Text(max_length=2000, required=False, rows=2, label="Comment", help_text="optional, kept in the log")


class RefuseForm(PartForm):
    verb, icon, tone = "Refuse", "x", "danger"
    reason = Text(max_length=2000, rows=2, label="Why", error_messages={"required": "Say why: it is kept in the log."})


class GiveForm(PartForm):
    """To whom a task is handed over, and what they must know. `takers` are values with their words."""

    verb, icon, tone = "Hand it over", "arrow-right", "primary"
    to = Choice(label="To whom", error_messages={"required": "Choose who takes over."})
    phase = Choice(choices=HandoffPhase.choices, label="What is handed over", initial=HandoffPhase.CODING)
    summary = Text(max_length=LONG, rows=4, label="What was done", error_messages={"required": "Say what was done."})
    gotchas = Text(
        max_length=LONG, rows=4, label="What to beware of", error_messages={"required": "Say what to beware of."}
    )

    def __init__(self, *args: Any, takers: Sequence[tuple[str, str]], **given: Any) -> None:
        super().__init__(*args, **given)
        to: Any = self.fields["to"]
        to.choices = [("", "Choose one"), *takers]


class DependencyForm(PartForm):
    verb, icon = "Add", "plus"
    depends_on = Line(
        max_length=50,
        label="The other task",
        help_text="its key or number",
        error_messages={"required": "Name a task of this project."},
    )
    kind = Choice(
        choices=[
            (DependencyKind.BLOCKS, "This waits for it"),
            (DependencyKind.RELATES, "They have to do with each other"),
        ],
        label="How",
        initial=DependencyKind.BLOCKS,
    )
    reason = Line(max_length=500, required=False, label="Why", help_text="optional")


class WorkForm(PartForm):
    verb, icon = "Add", "plus"
    kind = Choice(choices=WorkKind.choices, label="Kind", initial=WorkKind.NOTE)
    text = Text(max_length=LONG, rows=2, label="What was done", error_messages={"required": "Write something first."})


class NoForm(PartForm):
    """A button alone."""

    verb, icon, tone = "Delete", "x", "danger"


class RemoveForm(NoForm):
    verb = "Remove"


class ReviewForm(PartForm):
    """The verdict on an open gate."""

    verb, icon, tone = "Decide", "stamp", "primary"
    verdict = Choice(
        choices=[
            ("", "Choose one"),
            (Verdict.APPROVED, "Approve"),
            (Verdict.CHANGES_REQUESTED, "Ask for changes"),
        ],
        label="Your verdict",
        error_messages={"required": "Say which."},
    )
    comments = Text(
        max_length=LONG, required=False, rows=2, label="Why", help_text="required where changes are asked for"
    )


class JudgeForm(PartForm):
    """The verdict on a check that a person makes."""

    verb, icon = "Judge", "check"
    state = Choice(
        choices=[
            ("", "Choose one"),
            (CheckState.PASS, "It passes"),
            (CheckState.FAIL, "It fails"),
            (CheckState.SKIPPED, "It is skipped"),
        ],
        label="Your verdict",
        error_messages={"required": "Say which."},
    )
    reason = Text(max_length=2000, required=False, rows=2, label="Why", help_text="required where it is skipped")


class WaiveForm(PartForm):
    """Work goes on without a gate, or although a check did not pass."""

    verb, icon, tone = "Waive", "circle-slash", "danger"
    reason = Text(
        max_length=2000,
        rows=2,
        label="Why it may go on without it",
        error_messages={"required": "Say why: it is kept in the log."},
    )


class GoalForm(PartForm):
    """The decision on a criterion of a phase. `proofs` are the evidence that it may be met by, with its words."""

    verb, icon = "Decide", "flag"
    state = Choice(
        choices=[
            ("", "Choose one"),
            (CriterionState.MET, "It is met"),
            (CriterionState.FAILED, "It failed"),
            (CriterionState.WAIVED, "It is waived"),
        ],
        label="Your decision",
        error_messages={"required": "Say which."},
    )
    evidence = Choice(
        required=False,
        label="What shows it",
        help_text="required where it is met",
        error_messages={"invalid_choice": "Choose evidence that stands."},
    )
    reason = Text(max_length=2000, required=False, rows=2, label="Why", help_text="required where it is waived")

    def __init__(self, *args: Any, proofs: Sequence[tuple[str, str]], **given: Any) -> None:
        super().__init__(*args, **given)
        evidence: Any = self.fields["evidence"]
        evidence.choices = [("", "Nothing"), *proofs]


class StartForm(PartForm):
    """A button alone: a phase begins."""

    verb, icon, tone = "Start this phase", "arrow-right", "primary"


class CompleteForm(PartForm):
    """A button alone: an approved phase is completed."""

    verb, icon, tone = "Complete this phase", "circle-check", "primary"


class FinalForm(PartForm):
    """The final review of a phase."""

    verb, icon, tone = "Decide", "stamp", "primary"
    verdict = Choice(
        choices=[
            ("", "Choose one"),
            (Verdict.APPROVED, "Approve"),
            (Verdict.CHANGES_REQUESTED, "Ask for changes"),
        ],
        label="Your verdict",
        error_messages={"required": "Say which."},
    )
    knowledge_updates = Text(max_length=LONG, required=False, rows=2, label="What was learnt", help_text="optional")
    transition_document = Text(
        max_length=LONG, required=False, rows=3, label="How the next phase takes over", help_text="required to approve"
    )
