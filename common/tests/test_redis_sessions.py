"""Sessions behind opaque tokens: short-lived, one owner's all ended at once, nothing readable in Redis."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import redis
from redis.crc import key_slot

from common.redis import SessionManager, get_redis_client, get_session_manager
from common.tests.elsewhere import away


@pytest.fixture
def sessions() -> SessionManager:
    return get_session_manager(f"test-{uuid4()}", lifetime=60)


def test_what_is_kept_comes_back_exactly(sessions: SessionManager) -> None:
    data = {"id": uuid4(), "scopes": frozenset({"read"}), "steps": (1, None)}
    assert sessions.get(sessions.create(uuid4(), data)) == data


def test_a_token_has_256_random_bits_and_is_not_stored(sessions: SessionManager) -> None:
    tokens = {sessions.create("ann", {"a": 1}) for _ in range(50)}
    assert len(tokens) == 50
    assert all(len(token) == 43 for token in tokens)  # 32 bytes in base64url
    connection = get_redis_client().connection
    keys: Any = connection.keys("*")
    stored = b" ".join([*keys, *(connection.dump(key) or b"" for key in keys)])
    assert not any(token.encode() in stored for token in tokens)


@pytest.mark.parametrize("guess", ["", "guess", "\ud800", "a" * 10_000])
def test_an_unknown_token_is_nobodys(sessions: SessionManager, guess: str) -> None:
    assert (sessions.get(guess), sessions.take(guess), sessions.delete(guess)) == (None, None, False)


def test_updating_an_unknown_session_creates_none(sessions: SessionManager) -> None:
    token = sessions.create("ann", 1)
    assert sessions.update(token, 2)
    assert sessions.get(token) == 2
    assert sessions.delete(token)
    assert (sessions.update(token, 3), sessions.refresh(token), sessions.get(token)) == (False, False, None)


def test_taking_gives_it_to_one_of_many(sessions: SessionManager) -> None:
    token = sessions.create("ann", "data")
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda _: sessions.take(token), range(16)))
    assert sorted(map(str, taken)) == ["None"] * 15 + ["data"]
    assert sessions.count("ann") == 0


def test_an_idle_session_ends_and_a_used_one_goes_on_until_its_lifetime() -> None:
    sessions = get_session_manager(f"test-{uuid4()}", lifetime=2.4, idle=1)
    used, idle = sessions.create("ann", 1), sessions.create("ann", 1)
    alive = []
    for number in range(4):
        time.sleep(0.5)
        alive.append((sessions.get(used) == 1, sessions.refresh(used), sessions.update(used, 1))[number % 3])
    assert alive == [True] * 4
    assert sessions.get(idle) is None
    time.sleep(0.5)
    assert sessions.get(used) is None


def test_all_of_one_owner_end_at_once_and_nobody_elses(sessions: SessionManager) -> None:
    ann, ben = uuid4(), uuid4()
    tokens = [sessions.create(ann, number) for number in range(5)]
    other = sessions.create(ben, "b")
    sessions.delete(tokens[0])
    assert sessions.count(ann) == 4
    assert sessions.revoke_all(ann) == 4
    assert [sessions.get(token) for token in tokens] == [None] * 5
    assert (sessions.count(ann), sessions.revoke_all(ann), sessions.get(other)) == (0, 0, "b")
    assert sessions.get(sessions.create(ann, "again")) == "again"


def test_sessions_that_begin_while_all_are_revoked_are_never_lost_to_the_index(sessions: SessionManager) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [pool.submit(sessions.create, "ann", number) for number in range(200)]
        for _ in range(20):
            sessions.revoke_all("ann")
        tokens = [future.result() for future in made]
    sessions.revoke_all("ann")
    assert [sessions.get(token) for token in tokens] == [None] * 200


def test_kinds_do_not_meet(sessions: SessionManager) -> None:
    token = sessions.create("ann", 1)
    assert get_session_manager("test").get(token) is None
    with pytest.raises(ValueError, match="kind"):
        get_session_manager("a}b")


def test_nothing_stays_for_ever() -> None:
    sessions = get_session_manager(f"test-{uuid4()}", lifetime=0.6)
    sessions.create("ann", 1)
    keys: Any = get_redis_client().connection.keys(f"*{sessions._root}*")
    assert len(keys) == 2
    assert len({key_slot(key) for key in keys}) == 1  # a script may name both in a cluster
    time.sleep(0.65)
    assert get_redis_client().connection.exists(*keys) == 0


def test_the_index_forgets_who_is_over() -> None:
    sessions = get_session_manager(f"test-{uuid4()}", lifetime=0.5)
    for _ in range(20):
        sessions.create("ann", 1)
    time.sleep(0.55)
    sessions.create("ann", 1)
    assert len(sessions._digests("ann")) == sessions.count("ann") == 1


def test_what_another_version_stored_is_over(sessions: SessionManager) -> None:
    token = sessions.create("ann", 1)
    key = sessions._key(sessions._digest(token))
    get_redis_client().connection.hset(key, "data", b"\x80\x04N.")
    assert sessions.get(token) is None


def test_without_redis_there_are_no_sessions() -> None:
    gone = SessionManager("test", lifetime=1, client=away())
    for ask in (gone.get, gone.take, gone.delete, gone.refresh, gone.revoke_all, gone.count):
        with pytest.raises(redis.RedisError):
            ask("a")
