"""Pages of identity: getting in, what belongs to oneself, and the people of the tenant."""

from accounts.views.links import ForgotView, LinkView
from accounts.views.own import PasswordView, PreferencesView, SessionsView, TokensView
from accounts.views.people import PeopleView, ServiceAccountsView
from accounts.views.sign_in import SignInView, SignOutView

__all__ = [
    "ForgotView",
    "LinkView",
    "PasswordView",
    "PeopleView",
    "PreferencesView",
    "ServiceAccountsView",
    "SessionsView",
    "SignInView",
    "SignOutView",
    "TokensView",
]
