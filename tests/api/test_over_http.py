"""What only a real connection shows: streamed answers, chunked bodies, refusals before the body is read."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

from tests.servers import Server
from tests.worker import work_for
from tests.world import World


def request(
    server: Server, token: str, method: str, path: str, body: Any = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | headers
        connection.request(method, f"/api/v1/{path}", body, sent, encode_chunked=isinstance(body, Iterator))
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def claim(server: Server, world: World) -> tuple[str, dict[str, str]]:
    work_for(world)
    response, body = request(server, world.token, "POST", "tasks/claim/", b"{}")
    assert response.status == 200
    [claimed] = json.loads(body)
    headers = {"Lease-Token": claimed["lease_token"], "Content-Type": "application/octet-stream"}
    return f"executions/{claimed['execution']['id']}/log/", headers


def test_a_log_of_several_chunks_is_streamed_whole_and_in_ranges(server: Server, committed_world: World) -> None:
    path, headers = claim(server, committed_world)
    content = bytes(range(256)) * 1200
    for offset in range(0, len(content), 100_000):
        chunk = content[offset : offset + 100_000]
        response, _ = request(server, committed_world.token, "POST", f"{path}?offset={offset}", chunk, **headers)
        assert response.status == 200
    reader = committed_world.tokens["viewer"]
    response, body = request(server, reader, "GET", path)
    assert (response.status, body) == (200, content)
    response, body = request(server, reader, "GET", path, Range="bytes=99990-200010")
    assert (response.status, body) == (206, content[99990:200011])
    assert response.headers["Content-Range"] == f"bytes 99990-200010/{len(content)}"


def test_a_chunked_body_is_read(server: Server, committed_world: World) -> None:
    raw = json.dumps({"project": str(committed_world.project.id), "title": "In pieces"}).encode()
    pieces = iter([raw[:10], raw[10:]])
    chunked = {"Transfer-Encoding": "chunked"}
    response, body = request(server, committed_world.tokens["engineer"], "POST", "tasks/", pieces, **chunked)
    assert (response.status, json.loads(body)["title"]) == (201, "In pieces")


def test_a_chunked_body_beyond_the_limit_is_refused(server: Server, committed_world: World) -> None:
    path, headers = claim(server, committed_world)
    pieces = (b"x" * 65536 for _ in range(6))
    chunked = {"Transfer-Encoding": "chunked"}
    token = committed_world.token
    response, body = request(server, token, "POST", f"{path}?offset=0", pieces, **headers, **chunked)
    assert (response.status, json.loads(body)["code"]) == (413, "body_too_large")
