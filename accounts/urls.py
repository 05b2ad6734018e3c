"""Pages of identity."""

from django.urls import path
from django.views.generic import RedirectView

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign-in"),
    path("sign-in/second/", views.SecondStepView.as_view(), name="second-step"),
    path("sign-in/passkey/", views.PasskeySignInView.as_view(), name="passkey-sign-in"),
    path("sign-in/passkey/question/", views.PasskeySignInQuestionView.as_view(), name="passkey-sign-in-question"),
    path("sign-in/with/<slug:provider>/", views.ProviderView.as_view(), name="provider"),
    path("sign-in/with/<slug:provider>/answer/", views.ProviderAnswerView.as_view(), name="provider-answer"),
    path("confirm/", views.ConfirmView.as_view(), name="confirm"),
    path("confirm/passkey/", views.PasskeyConfirmView.as_view(), name="passkey-confirm"),
    path("sign-out/", views.SignOutView.as_view(), name="sign-out"),
    path("forgot/", views.ForgotView.as_view(), name="forgot"),
    path("link/", views.LinkView.as_view(), name="link"),
    path("notifications/", views.NotificationsView.as_view(), name="notifications"),
    path("settings/", RedirectView.as_view(pattern_name="accounts:preferences"), name="settings"),
    path("settings/preferences/", views.PreferencesView.as_view(), name="preferences"),
    path("settings/password/", views.PasswordView.as_view(), name="password"),
    path("settings/security/", views.SecurityView.as_view(), name="security"),
    path("settings/passkeys/", views.PasskeysView.as_view(), name="passkeys"),
    path("settings/passkeys/question/", views.PasskeyQuestionView.as_view(), name="passkey-question"),
    path("settings/connections/", views.ConnectionsView.as_view(), name="connections"),
    path("settings/sessions/", views.SessionsView.as_view(), name="sessions"),
    path("settings/tokens/", views.TokensView.as_view(), name="tokens"),
    path("settings/people/", views.PeopleView.as_view(), name="people"),
    path("settings/service-accounts/", views.ServiceAccountsView.as_view(), name="service-accounts"),
]
