"""Secrets that a test has made, and a quick search for any of them in a lot of text."""

from collections.abc import Iterable

LENGTH = 16


def mark_of(secret: str) -> str:
    """Return the part of a secret that is looked for: the end but for its last character, which no prefix shows."""
    return secret[-LENGTH - 1 : -1]


def leaked(text: str, secrets: Iterable[str]) -> set[str]:
    """Return the marks of secrets that stand in the text, whole or inside another word."""
    marks = {mark_of(secret) for secret in secrets}
    assert all(len(mark) == LENGTH for mark in marks)
    return {text[at : at + LENGTH] for at in range(len(text) - LENGTH + 1)} & marks
