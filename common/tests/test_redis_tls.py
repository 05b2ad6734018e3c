"""`rediss://` against a server that speaks TLS: who it is gets checked, for all that the product opens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redis.asyncio
from channels_redis.pubsub import RedisPubSubChannelLayer
from kombu import Connection
from kombu.exceptions import OperationalError

from common.redis import CacheManager, RedisClient
from common.redis.pubsub import PubSubManager
from common.tests.tls import Authority, make_authority, tls_server


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ours"), "ours")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("theirs"), "theirs")


@pytest.fixture(scope="module")
def url(ours: Authority) -> Iterator[str]:
    with tls_server(ours) as url:
        yield url


def refused(client: RedisClient) -> bool:
    """Whether the certificate was refused: not the password, not the network."""
    try:
        client.connection.ping()
    except redis.ConnectionError as error:
        return "CERTIFICATE_VERIFY_FAILED" in str(error)
    return False


def test_a_server_that_our_authority_vouches_for_is_talked_to(url: str, ours: Authority) -> None:
    client = RedisClient.from_url(url, ca_file=str(ours.file))
    assert client.health().ok
    cache = CacheManager("tls", client=client)
    assert cache.set("a", (1, b"2"))
    assert cache.get("a") == (1, b"2")


def test_the_authority_may_stand_in_the_address(url: str, ours: Authority) -> None:
    assert RedisClient.from_url(f"{url}?ssl_ca_certs={ours.file}&ssl_cert_reqs=required").health().ok


def test_a_server_of_another_authority_is_refused(url: str, theirs: Authority) -> None:
    client = RedisClient.from_url(url, ca_file=str(theirs.file))
    assert refused(client)
    assert (client.health().ok, client.health().error) == (False, "ConnectionError")


def test_without_an_authority_the_systems_own_decide(url: str) -> None:
    assert refused(RedisClient.from_url(url))


def test_whoever_says_so_goes_without_the_check(url: str) -> None:
    assert RedisClient.from_url(url, cert_reqs="none").health().ok


def test_a_certificate_for_another_address_is_refused(ours: Authority) -> None:
    with tls_server(ours, address="127.0.0.2") as elsewhere:
        assert refused(RedisClient.from_url(elsewhere, ca_file=str(ours.file)))


def test_a_server_may_ask_for_our_certificate(ours: Authority) -> None:
    certificate, key = ours.certificate("client")
    with tls_server(ours, ask_clients=True) as strict:
        assert not RedisClient.from_url(strict, ca_file=str(ours.file)).health().ok
        shown = f"{strict}?ssl_certfile={certificate}&ssl_keyfile={key}"
        assert RedisClient.from_url(shown, ca_file=str(ours.file)).health().ok


def test_a_plain_client_learns_nothing_from_a_tls_server(url: str) -> None:
    health = RedisClient.from_url(url.replace("rediss://", "redis://")).health()
    assert (health.ok, health.version) == (False, None)


@pytest.mark.parametrize("vouched", [True, False])
async def test_subscriptions_check_the_server_too(
    url: str, ours: Authority, theirs: Authority, vouched: bool, tmp_path: Path
) -> None:
    authority = ours if vouched else theirs
    pubsub = PubSubManager(client=RedisClient.from_url(url, ca_file=str(authority.file)))
    if vouched:
        async with pubsub.listen("tls") as heard:
            pubsub.publish("tls", "hello")
            async for message in heard:
                assert message.data == "hello"
                break
        return
    with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        async with pubsub.listen("tls"):
            pass


async def test_the_same_address_serves_broker_and_channel_layer(url: str, ours: Authority) -> None:
    address = f"{url}?ssl_cert_reqs=required&ssl_ca_certs={ours.file}"
    with Connection(address) as broker:
        broker.ensure_connection(max_retries=1)
    layer = RedisPubSubChannelLayer(hosts=[{"address": address, "socket_timeout": None}])
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "hello"})
    assert await layer.receive(channel) == {"type": "hello"}
    await layer.flush()


def test_the_broker_refuses_a_server_of_another_authority(url: str, theirs: Authority) -> None:
    broker = Connection(f"{url}?ssl_cert_reqs=required&ssl_ca_certs={theirs.file}")
    with broker, pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        broker.ensure_connection(max_retries=1)
