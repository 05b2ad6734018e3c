"""Pages of identity: getting in, what belongs to oneself, and the people of the tenant."""

from accounts.views.federation import ConnectionsView, ProviderAnswerView, ProviderView
from accounts.views.links import ForgotView, LinkView
from accounts.views.notifications import NotificationsView
from accounts.views.own import PasswordView, PreferencesView, SessionsView, TokensView
from accounts.views.passkeys import (
    PasskeyConfirmView,
    PasskeyQuestionView,
    PasskeySignInQuestionView,
    PasskeySignInView,
    PasskeysView,
)
from accounts.views.people import PeopleView, ServiceAccountsView
from accounts.views.security import ConfirmView, SecurityView
from accounts.views.sign_in import SecondStepView, SignInView, SignOutView

__all__ = [
    "ConfirmView",
    "ConnectionsView",
    "ForgotView",
    "LinkView",
    "NotificationsView",
    "PasskeyConfirmView",
    "PasskeyQuestionView",
    "PasskeySignInQuestionView",
    "PasskeySignInView",
    "PasskeysView",
    "PasswordView",
    "PeopleView",
    "PreferencesView",
    "ProviderAnswerView",
    "ProviderView",
    "SecondStepView",
    "SecurityView",
    "ServiceAccountsView",
    "SessionsView",
    "SignInView",
    "SignOutView",
    "TokensView",
]
