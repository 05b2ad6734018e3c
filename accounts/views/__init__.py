"""Pages of identity: getting in, what belongs to oneself, and the people of the tenant."""

from accounts.views.links import ForgotView, LinkView
from accounts.views.own import PasswordView, PreferencesView, SessionsView, TokensView
from accounts.views.people import PeopleView, ServiceAccountsView
from accounts.views.security import ConfirmView, SecurityView
from accounts.views.sign_in import SecondStepView, SignInView, SignOutView

__all__ = [
    "ConfirmView",
    "ForgotView",
    "LinkView",
    "PasswordView",
    "PeopleView",
    "PreferencesView",
    "SecondStepView",
    "SecurityView",
    "ServiceAccountsView",
    "SessionsView",
    "SignInView",
    "SignOutView",
    "TokensView",
]
