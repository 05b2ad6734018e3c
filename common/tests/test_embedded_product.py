"""The processes of the product."""

from common.embedded.product import LOG_KEY, OWNER_LOGIN, product


def test_no_serving_process_holds_the_owners_login() -> None:
    processes = product(
        {OWNER_LOGIN: "postgres://owner@db/x", "DATABASE_URL": "postgres://cm_app@db/x"}, host="", port=1
    )
    assert [process.name for process in processes] == ["web", "worker", "beat", "relay"]
    assert all(OWNER_LOGIN not in process.environment for process in processes)
    assert all(process.environment["DATABASE_URL"] for process in processes)


def test_only_the_relay_can_sign_the_log() -> None:
    holders = [process.name for process in product({LOG_KEY: "00"}, host="", port=1) if LOG_KEY in process.environment]
    assert holders == ["relay"]
