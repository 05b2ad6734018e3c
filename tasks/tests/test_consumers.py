"""Sockets, through the real web process and the real relay."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from websockets.asyncio.client import ClientConnection, connect

from accounts.models import ApiToken
from accounts.services import revoke_token
from accounts.services.tickets import issue_ticket
from projects.models import ProjectMember
from projects.services import remove_member
from tasks.models import Task
from tasks.services import create_task
from tests.servers import Server
from tests.world import World

pytestmark = pytest.mark.usefixtures("relay")
WAIT_SECONDS = 20


@asynccontextmanager
async def socket(server: Server, path: str, token: str = "") -> AsyncIterator[ClientConnection]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with connect(f"{server.socket_url}{path}", additional_headers=headers) as connection:
        yield connection


async def receive(connection: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(connection.recv(), WAIT_SECONDS))
    return message


async def next_event(connection: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message = await receive(connection)
        if message.get("type") == kind:
            return message


async def close_code(connection: ClientConnection) -> int | None:
    async with asyncio.timeout(WAIT_SECONDS):
        await connection.wait_closed()
    return connection.close_code


@database_sync_to_async
def make_task(world: World, title: str) -> Task:
    with world.as_("engineer"):
        return create_task(project=world.project, title=title)


async def test_a_member_sees_a_new_task_at_once(server: Server, committed_world: World) -> None:
    token = committed_world.tokens["viewer"]
    async with socket(server, f"/ws/projects/{committed_world.project.id}/", token) as connection:
        hello = await receive(connection)
        assert hello["op"] == "hello"
        task = await make_task(committed_world, "new")
        event = await next_event(connection, "task.created")
        assert event["task_id"] == str(task.id)
        assert event["pos"] > hello["pos"]
        assert event["actor"]["label"] == "Engineer"
        assert not {"content", "payload"} & set(event)


async def test_a_stranger_hears_nothing_of_the_project(server: Server, committed_world: World) -> None:
    async with socket(server, "/ws/live/", committed_world.tokens["stranger"]) as connection:
        assert (await receive(connection))["op"] == "hello"
        await make_task(committed_world, "not for strangers")
        heard = await everything(connection, seconds=2)
    assert [message for message in heard if message.get("project_id")] == []


async def everything(connection: ClientConnection, *, seconds: float) -> list[dict[str, Any]]:
    messages = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for message in connection:
                messages.append(json.loads(message))
    return messages


async def test_a_cursor_replays_what_was_missed(server: Server, committed_world: World) -> None:
    token = committed_world.tokens["reviewer"]
    async with socket(server, "/ws/live/?since=0", token) as connection:
        first = await next_event(connection, "project.created")
    await make_task(committed_world, "while away")
    async with socket(server, f"/ws/live/?since={first['pos']}", token) as connection:
        event = await next_event(connection, "task.created")
        assert event["pos"] > first["pos"]


@pytest.mark.parametrize(
    ("path", "who", "code"),
    [
        ("/ws/live/", "", 4401),
        ("/ws/live/", "forged", 4401),
        ("/ws/projects/{other}/", "engineer", 4404),
        ("/ws/projects/{own}/", "stranger", 4404),
        ("/ws/nothing/", "engineer", 4404),
        ("/ws/live/?since=abc", "engineer", 4404),
    ],
)
async def test_a_refused_socket_says_why(
    server: Server, committed_world: World, path: str, who: str, code: int
) -> None:
    address = path.format(own=committed_world.project.id, other=uuid4())
    token = committed_world.tokens.get(who, "cmk_uforged") if who else ""
    async with socket(server, address, token) as connection:
        assert await close_code(connection) == code


async def test_a_cursor_from_the_future_is_told_to_start_again(server: Server, committed_world: World) -> None:
    async with socket(server, "/ws/live/?since=99999", committed_world.tokens["engineer"]) as connection:
        hello = await receive(connection)
        resync = await receive(connection)
        assert (resync["op"], resync["pos"]) == ("resync", hello["pos"])


async def test_a_revoked_token_closes_its_socket(server: Server, committed_world: World) -> None:
    async with socket(server, "/ws/live/", committed_world.tokens["viewer"]) as connection:
        assert (await receive(connection))["op"] == "hello"
        await revoke(committed_world)
        assert await close_code(connection) == 4401


@database_sync_to_async
def revoke(world: World) -> None:
    with world.as_("admin"):
        revoke_token(token=ApiToken.objects.get(user=world.viewer), reason="left")


async def test_losing_a_project_closes_its_socket(server: Server, committed_world: World) -> None:
    path = f"/ws/projects/{committed_world.project.id}/"
    async with socket(server, path, committed_world.tokens["viewer"]) as connection:
        assert (await receive(connection))["op"] == "hello"
        await leave(committed_world)
        assert await close_code(connection) == 4403


@database_sync_to_async
def leave(world: World) -> None:
    with world.as_("engineer"):
        remove_member(member=ProjectMember.objects.select_related("project").get(user=world.viewer))


async def test_a_ticket_opens_one_socket(server: Server, committed_world: World) -> None:
    ticket = await ticket_of(committed_world)
    async with socket(server, f"/ws/live/?ticket={ticket}") as connection:
        assert (await receive(connection))["op"] == "hello"
    async with socket(server, f"/ws/live/?ticket={ticket}") as connection:
        assert await close_code(connection) == 4401


@database_sync_to_async
def ticket_of(world: World) -> str:
    with world.as_("viewer"):
        token = ApiToken.objects.get(user=world.viewer)
        principal = world.viewer.principal()
    return issue_ticket(principal=type(principal)(**{**_fields(principal), "credential": token.id, "via": "token"}))


def _fields(principal: Any) -> dict[str, Any]:
    return {name: getattr(principal, name) for name in principal.__slots__}
