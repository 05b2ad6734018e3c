"""The providers of models from the environment. The settings call this, so it may not read them."""

from common.configuration import Environment

# The path ends where /models begins: that is what is asked.
ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta",
    "local": "",
}


def llm_providers(env: Environment) -> dict[str, dict[str, str]]:
    """Return url, key and model of each; the url is empty where it is not set up. Raises `ImproperlyConfigured`."""
    providers = {}
    for name, address in ADDRESSES.items():
        prefix = name.upper()
        key = env.str(f"{prefix}_API_KEY", default="")
        url = env.address(f"{prefix}_BASE_URL", "https", "http", default=address)
        model = env.str(f"{prefix}_MODEL", default="")
        providers[name] = {"url": url if key or not address else "", "key": key, "model": model}
    return providers
