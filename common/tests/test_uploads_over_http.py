"""What only real sockets show: bodies that are announced, endless, slow or cut off, and what they cost the server."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.tests.files import THINGS, gif, png
from tests.servers import Server, running_server
from tests.world import World

MIB = 1024 * 1024
GIB = 1024 * MIB
THINGS_PATH = "/api/v1/things/"


@pytest.fixture(scope="module")
def room(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """The web process with an endpoint for files, and where it keeps them."""
    root = tmp_path_factory.mktemp("media")
    with running_server("common.tests.upload_server:application", {"MEDIA_ROOT": str(root)}) as server:
        yield server, root


def figures(server: Server) -> tuple[int, int]:
    """Return the most memory the process ever held, and the bytes it has written to files and pipes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    written = Path(f"/proc/{server.process.pid}/io").read_text()
    memory = re.search(r"VmHWM:\s+(\d+) kB", status)
    count = re.search(r"wchar: (\d+)", written)
    assert memory
    assert count
    return int(memory.group(1)) * 1024, int(count.group(1))


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def head(path: str, token: str, *lines: str) -> bytes:
    common = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    return "\r\n".join([*common, *lines, "", ""]).encode()


def answer_of(connection: socket.socket) -> tuple[int, dict[str, Any], bool]:
    """Return status, problem and whether the server closes."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read()), response.getheader("Connection") == "close"


def pump(connection: socket.socket, piece: bytes, most: int) -> int:
    """Send until the server hangs up or `most` bytes are out; return how many."""
    sent = 0
    connection.settimeout(5)
    try:
        while sent < most:
            connection.sendall(piece)
            sent += len(piece)
    except OSError:
        pass
    return sent


@pytest.mark.parametrize("path", ["/api/v1/tasks/", "/api/v1/nothing/", "/sign-in/", THINGS_PATH])
def test_an_announced_gibibyte_is_refused_before_it_is_read(
    room: tuple[Server, Path], committed_world: World, path: str
) -> None:
    server, root = room
    memory, written = figures(server)
    with connect(server) as connection:
        connection.sendall(head(path, committed_world.token, "Content-Type: text/plain", f"Content-Length: {GIB}"))
        status, problem, closes = answer_of(connection)
        assert (status, problem["code"], closes) == (413, "body_too_large", True)
        pump(connection, b"x" * MIB, GIB)
    assert figures(server)[0] - memory < 16 * MIB
    assert figures(server)[1] - written < MIB
    assert not list(root.rglob("incoming/*"))


@pytest.mark.parametrize("path", ["/api/v1/tasks/", "/sign-in/"])
def test_an_endless_body_is_refused_where_the_limit_is(
    room: tuple[Server, Path], committed_world: World, path: str
) -> None:
    server, _ = room
    memory, written = figures(server)
    with connect(server) as connection:
        connection.sendall(head(path, committed_world.token, "Content-Type: text/plain", "Transfer-Encoding: chunked"))
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        pump(connection, piece, 2 * MIB)
        status, problem, closes = answer_of(connection)
        assert (status, problem["code"], closes) == (413, "body_too_large", True)
        sent = pump(connection, piece, 100 * GIB)
    assert sent < 100 * GIB
    assert figures(server)[0] - memory < 16 * MIB
    assert figures(server)[1] - written < 4 * MIB


def test_an_endless_upload_is_refused_unread(room: tuple[Server, Path], committed_world: World) -> None:
    server, root = room
    with connect(server) as connection:
        connection.sendall(head(THINGS_PATH, committed_world.token, "Transfer-Encoding: chunked"))
        connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        status, problem, closes = answer_of(connection)
    assert (status, problem["code"], closes) == (411, "length_required", True)
    assert not list(root.rglob("incoming/*"))


def test_a_large_upload_flows_to_storage_once(room: tuple[Server, Path], committed_world: World) -> None:
    server, root = room
    content = png() if THINGS.limit < 8 * MIB else b"a line of text\n" * (7 * MIB // 15)
    memory, written = figures(server)
    status, stored = send(server, committed_world, content, "text/plain")
    assert (status, stored["size"]) == (201, len(content))
    assert (root / stored["key"]).read_bytes() == content
    assert figures(server)[1] - written < len(content) + MIB
    assert figures(server)[0] - memory < 16 * MIB


def test_a_large_form_flows_to_storage_once(room: tuple[Server, Path], committed_world: World) -> None:
    server, root = room
    content = b"another line\n" * (7 * MIB // 13)
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
    _, written = figures(server)
    body = part + content + b"\r\n--b--\r\n"
    status, stored = send(server, committed_world, body, "multipart/form-data; boundary=b")
    assert (status, stored["size"], stored["file_name"]) == (201, len(content), "a.txt")
    assert (root / stored["key"]).read_bytes() == content
    assert figures(server)[1] - written < len(content) + MIB


def send(server: Server, world: World, content: bytes, media_type: str, **headers: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        sent = {"Authorization": f"Bearer {world.tokens['engineer']}", "Content-Type": media_type} | headers
        connection.request("POST", THINGS_PATH, content, sent)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_a_small_upload_is_stored_too(room: tuple[Server, Path], committed_world: World) -> None:
    server, root = room
    status, stored = send(server, committed_world, gif(), "image/gif")
    assert status == 201
    assert (root / stored["key"]).read_bytes() == gif()


def test_a_refused_upload_hears_why_while_it_still_sends(room: tuple[Server, Path], committed_world: World) -> None:
    server, _ = room
    token, path = committed_world.tokens["engineer"], f"{THINGS_PATH}?forbidden"
    with connect(server) as connection:
        connection.sendall(head(path, token, "Content-Type: text/plain", f"Content-Length: {4 * MIB}"))
        connection.sendall(b"x" * MIB)
        status, problem, closes = answer_of(connection)
    assert (status, problem["code"], closes) == (403, "forbidden", True)


def test_a_client_that_hangs_up_leaves_nothing(room: tuple[Server, Path], committed_world: World) -> None:
    server, root = room
    before = sorted(path for path in root.rglob("*") if path.is_file())
    with connect(server) as connection:
        token = committed_world.tokens["engineer"]
        connection.sendall(head(THINGS_PATH, token, "Content-Type: text/plain", f"Content-Length: {4 * MIB}"))
        connection.sendall(b"x" * 2 * MIB)
        wait_for(lambda: list(root.rglob("incoming/*")))
    wait_for(lambda: not list(root.rglob("incoming/*")))
    assert sorted(path for path in root.rglob("*") if path.is_file()) == before
    assert send(server, committed_world, gif(), "image/gif")[0] == 201


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
