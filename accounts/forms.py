"""What people type to sign in."""

from django import forms


class SignInForm(forms.Form):
    email = forms.EmailField(max_length=255)
    password = forms.CharField(max_length=1000, strip=False)
    next = forms.CharField(max_length=2000, required=False)
