"""What is handed in as an artifact: paths, content by its type, and what it weighs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from evidence.services.artifacts.drafts import body_of, check_path, part_body
from evidence.services.artifacts.tokens import estimate_tokens


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abc", 1), ("abcd", 2), ("ü", 1), ("漢字", 2), ("🙂", 2)]
)
def test_a_token_is_reckoned_for_three_bytes(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@given(st.text(), st.text())
def test_the_estimate_of_a_whole_is_no_more_than_that_of_its_parts(one: str, other: str) -> None:
    one, other = (text.encode(errors="replace").decode() for text in (one, other))
    assert estimate_tokens(one + other) <= estimate_tokens(one) + estimate_tokens(other)


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "a//b", "..", "a/../b", ".", "a.", "a b ", "ü", "a\n", "a\\b", "C:", "x" * 301]
)
def test_a_path_that_could_not_be_a_file_is_refused(path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_path(path)
    assert refusal.value.code == "bad_path"


@pytest.mark.parametrize("path", ["prd", "prd/3.2", "src/app.py", ".github/workflows/ci.yml", "a b/c-d_(e)+f@g"])
def test_other_paths_are_taken(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    ("artifact_type", "content", "named"),
    [
        ("test_results", {"passed": 1}, "content"),
        ("test_results", {"passed": -1, "failed": 0}, "content.passed"),
        ("test_results", {"passed": True, "failed": 0}, "content.passed"),
        ("implementation_plan", {"steps": [{"title": "a"}, {"description": "b"}]}, "content.steps[1]"),
        ("deployment_log", {"environment": "x", "status": "odd"}, "content.status"),
        ("deployment_package", {"name": "a", "version": "1", "files": [{"path": "a", "sha256": "b"}]},
         "content.files[0].sha256"),
        ("hitl_response", {"action": "explode"}, "content.action"),
        ("agent_output", {"summary": "x"}, "content"),
        ("project_plan", {"concepts": []}, "content.concepts"),
        ("source_code", {"language": 3}, "content.language"),
        ("user_input", {"text": "x"}, "content"),
        ("software_specification", {"requirements": [{"id": "1"}]}, "content.requirements[0]"),
        ("system_architecture", {"components": [1]}, "content.components[0]"),
    ],
)  # fmt: skip
def test_json_that_is_not_its_types_is_refused_by_member(artifact_type: str, content: Any, named: str) -> None:
    with pytest.raises(Invalid) as refusal:
        body_of(artifact_type, content=content)
    assert refusal.value.code == "bad_content"
    assert list(refusal.value.extra["errors"]) == [named]


def test_json_may_say_more_than_its_schema() -> None:
    assert body_of("test_results", content={"passed": 1, "failed": 0, "more": {}})["media_type"] == "application/json"


def test_a_digest_binds_text_and_json() -> None:
    bodies = [
        part_body(text="a"),
        part_body(text="a", content={"a": 1}),
        part_body(content={"a": 1}),
        part_body(content={"a": 2}),
    ]
    assert len({body["content_sha256"] for body in bodies}) == 4
    assert part_body(content={"a": 1, "b": 2}) == part_body(content={"b": 2, "a": 1}) | {
        "content": {"a": 1, "b": 2},
        "content_text": '{\n "a": 1,\n "b": 2\n}',
    }


@pytest.mark.parametrize("body", [{}, {"content": {}}, {"text": ""}])
def test_nothing_is_no_content(body: Any) -> None:
    with pytest.raises(Invalid):
        body_of("user_input", **body)


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(Invalid, match="canonical"):
        body_of("agent_output", content={"result": 2**60})


def test_a_text_that_is_too_large_for_a_row_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        part_body(text="x" * (1024 * 1024 + 1))
    assert refusal.value.code == "content_too_large"
