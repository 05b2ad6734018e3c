"""What people send from the pages."""

from typing import Any

from django import forms

from tasks.models import ApprovalAction


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
