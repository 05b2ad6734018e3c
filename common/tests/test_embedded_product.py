"""The processes of the product."""

from common.embedded.product import BACKUP_LOGIN, LOG_KEY, OWNER_LOGIN, QUEUES, product


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


def test_only_the_worker_can_back_up_and_serves_that_queue_where_there_is_a_folder() -> None:
    given = {BACKUP_LOGIN: "postgres://backup@db/x", "BACKUP_DIR": "backups"}
    processes = product(given, host="", port=1)
    assert [process.name for process in processes if BACKUP_LOGIN in process.environment] == ["worker"]
    [worker] = [process for process in processes if process.name == "worker"]
    assert f"{QUEUES},backup" in worker.command
    [worker] = [process for process in product({}, host="", port=1) if process.name == "worker"]
    assert QUEUES in worker.command
