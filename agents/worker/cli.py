"""Arguments, token and signals."""

import argparse
import ctypes
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from agents.worker.client import Client
from agents.worker.config import WorkerConfig, load_config
from agents.worker.errors import ApiError, ConfigError
from agents.worker.loop import Worker
from agents.worker.report import Report

TOKEN_VARIABLE = "COUNTERMARK_TOKEN"  # noqa: S105 - the variable's name, not its value
PR_SET_DUMPABLE = 4
EXIT_MISCONFIGURED = 2
EXIT_NOT_ADMITTED = 3


def main(arguments: Sequence[str]) -> int:
    """The process's exit code."""
    options = _parser().parse_args(arguments)
    try:
        config = _config(options)
        client = Client(options.url, take_token(options.token_file))
    except ConfigError as error:
        print(f"countermark worker: {error}", file=sys.stderr)
        return EXIT_MISCONFIGURED
    report = Report(config.name, as_json=options.json)
    return _run(Worker(client, config, report), report, options)


def _run(worker: Worker, report: Report, options: argparse.Namespace) -> int:
    worker.stop_on_signals()
    report.say("started", f"started, working for {options.url}", pid=os.getpid())
    try:
        worker.run(once=options.once)
    except ApiError as error:
        report.say("not_admitted", f"the server does not admit this worker ({error})")
        return EXIT_NOT_ADMITTED
    return 0


def take_token(token_file: Path | None) -> str:
    """From a file or the environment, never from the arguments: those are visible to every account."""
    token = os.environ.pop(TOKEN_VARIABLE, "")
    _hide_memory()
    if token_file is None:
        return token.strip()
    try:
        return token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the token file cannot be read: {error}") from error


def _hide_memory() -> None:
    """Commands run under this account too: keep them from reading our start environment in /proc."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _config(options: argparse.Namespace) -> WorkerConfig:
    config = load_config(options.config)
    if options.name:
        config = dataclasses.replace(config, name=options.name)
    if options.projects:
        config = dataclasses.replace(config, projects=tuple(options.projects.split(",")))
    return config


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agents.worker",
        description=f"Claims tasks and runs configured commands. The token comes from {TOKEN_VARIABLE} or a file.",
    )
    parser.add_argument("--url", required=True, help="the server, such as http://127.0.0.1:8000")
    parser.add_argument("--config", required=True, type=Path, help="TOML file with the commands")
    parser.add_argument("--token-file", type=Path, help=f"read the token from here instead of {TOKEN_VARIABLE}")
    parser.add_argument("--name", help="name in the log (default: the configuration's)")
    parser.add_argument("--projects", help="ids of the projects to work for, separated by commas (default: all)")
    parser.add_argument("--once", action="store_true", help="claim once, finish that, and end")
    parser.add_argument("--json", action="store_true", help="log JSON lines")
    return parser
