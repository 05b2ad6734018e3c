"""The providers of models from the environment. The settings call this, so it may not read them."""

from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

# The path ends where /models begins: that is what is asked.
ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta",
    "local": "",
}


def llm_providers(env: environ.Env) -> dict[str, dict[str, str]]:
    """Return url, key and model of each; the url is empty where it is not set up. Raises `ImproperlyConfigured`."""
    providers = {}
    for name, address in ADDRESSES.items():
        prefix = name.upper()
        key = env.str(f"{prefix}_API_KEY", default="")
        url = env.str(f"{prefix}_BASE_URL", default=address)
        if url and urlsplit(url).scheme not in ("http", "https"):
            raise ImproperlyConfigured(f"{prefix}_BASE_URL must begin with https:// or http://.")
        model = env.str(f"{prefix}_MODEL", default="")
        providers[name] = {"url": url if key or not address else "", "key": key, "model": model}
    return providers
