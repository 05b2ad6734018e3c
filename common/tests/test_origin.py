"""What the log may keep of where a request came from."""

import pytest
from django.test import RequestFactory, override_settings

from common.http import address_of
from common.origin import kind_of_client, network_of

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("unix:", None),
        ("", None),
    ],
)
def test_an_address_is_kept_as_its_network(address: str, network: str | None) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (CHROME, "Chrome on Linux"),
        (f"{CHROME} Edg/140.0", "Edge on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iOS"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("curl/8.5.0 ada@example.org", "curl/8.5.0"),
        ("<ada@example.org>", ""),
        ("", ""),
    ],
)
def test_a_user_agent_is_kept_as_the_kind_of_client(header: str, kind: str) -> None:
    assert kind_of_client(header) == kind


def test_a_forwarded_address_counts_only_behind_a_proxy_of_ours() -> None:
    request = RequestFactory().get(
        "/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.5"}, REMOTE_ADDR="10.0.0.1"
    )
    assert address_of(request) == "10.0.0.1"
    with override_settings(BEHIND_PROXY=True):
        assert address_of(request) == "203.0.113.5"
