"""Messages on stderr: for people, or for machines with `--log-format json`."""

from __future__ import annotations

import json
import logging
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from tokenflow.printable import printable

if TYPE_CHECKING:
    from tokenflow.errors import Problem

LONGEST: Final = 4000
_LEVELS: Final = {0: logging.WARNING, 1: logging.INFO}


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        level = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        return f"tokenflow: {level}{printable(record.getMessage(), longest=LONGEST)}"


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _line(record.levelname.lower(), record.getMessage(), at=record.created)


def _line(level: str, message: str, *, at: float, **more: Any) -> str:
    text = printable(message, longest=LONGEST)
    return json.dumps({"time": round(at, 3), "level": level, "message": text, **more})


def set_up(*, verbose: int, log_format: str) -> None:
    """Send what tokenflow logs to stderr: warnings, with `-v` every exchange, with `-vv` every step."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if log_format == "json" else _TextFormatter())
    logger = logging.getLogger("tokenflow")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(_LEVELS.get(verbose, logging.DEBUG))


def write_error(text: str) -> None:
    """Write to stderr, if there is one: what cannot be said must not change what is done."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def say(text: str, *, log_format: str = "text", **more: Any) -> None:
    """Write a message to stderr; `more` are its parts for machines."""
    if log_format == "json":
        text = _line("info", more.pop("message", text), at=time.time(), **more)
    write_error(text)


def report_error(error: Exception, *, status: int, log_format: str, about: str = "") -> None:
    """Write an error to stderr."""
    said = f"{about}: {error}" if about else str(error)
    if log_format == "json":
        text = _line("error", said, at=time.time(), error=type(error).__name__, exit_status=status)
    else:
        text = "\n".join(f"tokenflow: error: {printable(line, longest=LONGEST)}" for line in said.splitlines())
    write_error(text)


def report_problems(problems: tuple[Problem, ...], *, status: int, log_format: str) -> None:
    """Write the problems of a profile to stderr, each with its line and a caret."""
    from tokenflow.config.excerpts import render  # noqa: PLC0415 - only for problems

    for problem in problems:
        if log_format == "json":
            sys.stderr.write(
                _line("error", str(problem), at=time.time(), error="ProfileError", exit_status=status) + "\n"
            )
        else:
            write_error(render(problem))
