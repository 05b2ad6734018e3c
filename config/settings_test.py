"""What tests change: a fast password hasher, a cache per worker of the suite. The servers stay the real ones."""

import os

# One worker's test may clear what another's counts, so each has a logical database of its own (0 to 2 are taken).
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
_server, _, _ = os.environ["REDIS_CACHE_URL"].rpartition("/")
os.environ["REDIS_CACHE_URL"] = f"{_server}/{3 + int(_worker)}"

from config.settings import *  # noqa: E402, F403  # a settings module is a namespace; Django itself reads it by name

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
# Every test client starts the middleware anew; it must not read all static files each time (60 ms a request).
WHITENOISE_AUTOREFRESH = True
# The witness of the tests; its seed is in audit/tests/sealing.py.
LOG_WITNESSES = ["witness.example/w+27611dd9+BMhTrQ8M0rYZrqks7sT9VqJNZJnVhM55JX5Fz9gTm2Cn"]
