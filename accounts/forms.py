"""What people type to get in, and about themselves."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import NotificationTiming, Role, Theme


class PasswordField(forms.CharField):
    """Taken as it is typed: spaces count."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 1000, "strip": False, **kwargs})


class SignInForm(forms.Form):
    email = forms.EmailField(max_length=255)
    password = PasswordField()
    next = forms.CharField(max_length=2000, required=False)


class SecondStepForm(forms.Form):
    passage = forms.CharField(max_length=1000)
    code = forms.CharField(max_length=50)


class ConfirmForm(forms.Form):
    """Either of the two: which one counts, the service knows."""

    password = PasswordField(required=False)
    code = forms.CharField(max_length=50, required=False)


class PasskeyForm(forms.Form):
    """What a script put together: the question's word, and the device's answer as JSON."""

    word = forms.CharField(max_length=100)
    answer = forms.JSONField()
    name = forms.CharField(max_length=100, required=False)

    def clean_answer(self) -> dict[str, Any]:
        answer = self.cleaned_data["answer"]
        if not isinstance(answer, dict):
            raise forms.ValidationError("This is no answer of a passkey.")
        return answer


class TotpForm(forms.Form):
    code = forms.CharField(max_length=50, error_messages={"required": "Type the code that the app shows."})


class ForgotForm(forms.Form):
    email = forms.EmailField(max_length=255)


class NewPasswordForm(forms.Form):
    """A password typed twice. How strong it must be, the service says."""

    password = PasswordField(error_messages={"required": "Choose a password."})
    again = PasswordField(error_messages={"required": "Type it a second time."})

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "password" in given and "again" in given and given["password"] != given["again"]:
            self.add_error("again", "This is not the same password.")
        return given


class LinkForm(NewPasswordForm):
    code = forms.CharField(max_length=200, error_messages={"required": "Open the link of the letter, or paste it."})
    next = forms.CharField(max_length=2000, required=False)

    def clean_code(self) -> str:
        """Somebody may paste the whole link."""
        code: str = self.cleaned_data["code"]
        return code.rpartition("#")[2].strip()


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField(error_messages={"required": "Type your current password."})


class InvitationForm(forms.Form):
    email = forms.EmailField(max_length=255)
    display_name = forms.CharField(max_length=255)
    role = forms.ChoiceField(
        choices=[choice for choice in Role.choices if choice[0] != Role.SERVICE], initial=Role.USER.value
    )


class AccountForm(forms.Form):
    user = forms.UUIDField()


class ServiceAccountForm(forms.Form):
    email = forms.EmailField(max_length=255)
    display_name = forms.CharField(max_length=255)


SCOPE_WORDS = {
    "read": "Read",
    "write": "Change work and projects",
    "work": "Claim and report work",
    "approve": "Decide approvals",
    "admin": "Administer accounts and tokens",
}


class TokenForm(forms.Form):
    """A token: what it may do, and when it ends."""

    name = forms.CharField(max_length=255, error_messages={"required": "Say what the token is for."})
    scopes = forms.MultipleChoiceField(
        choices=list(SCOPE_WORDS.items()), error_messages={"required": "Choose at least one."}
    )
    days = forms.TypedChoiceField(
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "No end")],
        coerce=int,
        empty_value=None,
        required=False,
    )

    def made(self) -> dict[str, Any]:
        """Return what `create_token` takes."""
        days = self.cleaned_data["days"]
        expires_at = timezone.now() + timedelta(days=days) if days else None
        return {"name": self.cleaned_data["name"], "scopes": self.cleaned_data["scopes"], "expires_at": expires_at}


class PreferencesForm(forms.Form):
    theme = forms.ChoiceField(choices=Theme.choices)
    time_zone = forms.CharField(max_length=64)
    notifications = forms.ChoiceField(choices=NotificationTiming.choices)
    daily_digest_hour = forms.IntegerField(min_value=0, max_value=23)
