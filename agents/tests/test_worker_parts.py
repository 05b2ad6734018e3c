"""The worker's pure parts: canonical JSON, configuration, the claim."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from agents import worker
from agents.tests.worker_server import make_claim
from agents.worker.config import parse_config
from agents.worker.errors import ConfigError, ProtocolError
from agents.worker.jcs import CanonicalError, canonical, digest
from agents.worker.protocol import read_claim
from agents.worker.workspace import allowed_repository


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None, False]}, b'{"a":[true,null,false],"b":1}'),
        # RFC 8785, 3.2.3: ordered by UTF-16 code units, which puts the emoji before U+FB33.
        (
            {"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "\r": 4},
            '{"\\r":4,"\u20ac":3,"\U0001f600":2,"\ufb33":1}'.encode(),
        ),
        ('\u0000\u001f\u007f\b\t\n\f\r"\\/é', b'"\\u0000\\u001f\x7f\\b\\t\\n\\f\\r\\"\\\\/\xc3\xa9"'),
        (-(2**53) + 1, b"-9007199254740991"),
        ({}, b"{}"),
    ],
)
def test_canonical_json_is_rfc_8785(value: object, expected: bytes) -> None:
    assert canonical(value) == expected


@pytest.mark.parametrize("value", [1.5, 2**53, {1: 2}, b"x", {"a": object()}, "\ud800", {"\udfff": 1}])
def test_canonical_json_refuses_what_has_no_form(value: object) -> None:
    with pytest.raises((CanonicalError, UnicodeEncodeError)):
        canonical(value)


def test_digest_does_not_depend_on_the_order_of_members() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"worker": {"nmae": "x"}}, "unknown key worker.nmae"),
        ({"wroker": {}}, "unknown key wroker"),
        ({"commands": {"a": {}}}, "commands.a.argv must be a list"),
        ({"commands": {"a": {"argv": []}}}, "commands.a.argv must not be empty"),
        ({"commands": {"a": {"argv": ["x"], "approval": True}}}, "commands.a.preview is needed"),
        ({"commands": {"a": {"argv": ["x", "{paths}"]}}}, "names the parameter {paths}"),
        ({"commands": {"a": {"argv": ["x"], "time_limit": 0}}}, "commands.a.time_limit must be a whole number"),
        ({"worker": {"environment": {"COUNTERMARK_TOKEN": "x"}}}, "never reach a command"),
        ({"worker": {"lease_seconds": True}}, "worker.lease_seconds"),
        ({"commands": {"a": {"argv": ["x"], "parameters": {"p": {"kind": "any"}}}}}, "commands.a.parameters.p.kind"),
    ],
)
def test_configuration_names_the_key_that_is_wrong(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=r".") as caught:
        parse_config(document)
    assert words in str(caught.value)


@pytest.mark.parametrize("path", ["task.id", "execution.id", "task.key", "lease_token", "lease_seconds", "attempt"])
def test_claim_without_its_parts_is_refused(path: str) -> None:
    claim = make_claim("/r", {})
    holder = claim
    *parents, name = path.split(".")
    for parent in parents:
        holder = holder[parent]
    holder[name] = {"not": "this"}
    with pytest.raises(ProtocolError, match=name):
        read_claim(claim)


def test_execution_id_that_is_a_path_is_refused() -> None:
    claim = make_claim("/r", {})
    claim["execution"]["id"] = "../../etc"
    with pytest.raises(ProtocolError, match="UUID"):
        read_claim(claim)


def test_repository_below_an_allowed_prefix_passes() -> None:
    assert allowed_repository("https://host/org/name", ("https://host/org",)) == "https://host/org/name"
    assert allowed_repository("git@host:org/name", ()) == "git@host:org/name"


def test_example_in_the_readme_is_read() -> None:
    text = (Path(worker.__file__).with_name("README.md")).read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    config = parse_config(tomllib.loads(example))
    assert sorted(config.commands) == ["format", "lint", "pytest"]
    assert config.commands["pytest"].parameters["paths"].default == ("tests",)
