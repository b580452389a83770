"""Run the real `tokenflow` as a process of its own, in surroundings that hold nothing of the machine's."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

PROGRAM: Final = Path(sys.executable).parent / "tokenflow"
REPOSITORY: Final = Path(__file__).parent.parent.parent
SHIFTED_CLOCK: Final = Path(__file__).parent / "shifted_clock"
SECRET: Final = "service-secret"
SECRET_VARIABLE: Final = "SERVICE_SECRET"
TIMEOUT: Final = 30.0
# Put before a command, gives it back its SIGINT: a shell without job control starts all it runs with SIGINT ignored.
WITH_SIGINT: Final = (
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])",
)


class Done(NamedTuple):
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


class Tokenflow:
    """The command, with a folder to work in, a home and a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.home = folder / "tokenflow"
        self.user_home = folder / "user"
        self.folder.mkdir()
        self.user_home.mkdir()
        self.environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.user_home),
            "LANG": "C.UTF-8",
            "TOKENFLOW_HOME": str(self.home),
            SECRET_VARIABLE: SECRET,
        }

    def __call__(
        self,
        *arguments: str | Path,
        stdin: str = "",
        env: Mapping[str, str | None] | None = None,
        later: float = 0,
        umask: int = -1,
    ) -> Done:
        """Run to the end; `env` adds variables, or with None takes them away; `later` sets the clock forward."""
        done = subprocess.run(
            self.command(*arguments),
            input=stdin.encode(),
            capture_output=True,
            cwd=self.folder,
            env=self.variables(env, later),
            timeout=TIMEOUT,
            umask=umask,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(
        self, *arguments: str | Path, env: Mapping[str, str | None] | None = None, stdout: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start, and leave the rest to the caller (as a context manager)."""
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=self.variables(env),
            text=True,
        )

    def at_once(self, *commands: Sequence[str | Path]) -> list[Done]:
        """Run all of them at the same time."""
        with ThreadPoolExecutor(len(commands)) as pool:
            return list(pool.map(lambda command: self(*command), commands))

    @staticmethod
    def command(*arguments: str | Path) -> list[str]:
        return [str(PROGRAM), *map(str, arguments)]

    def variables(self, env: Mapping[str, str | None] | None = None, later: float = 0) -> dict[str, str]:
        shift = {"PYTHONPATH": str(SHIFTED_CLOCK), "SHIFTED_CLOCK_SECONDS": str(later)} if later else {}
        merged: dict[str, str | None] = {**self.environment, **shift, **(env or {})}
        return {name: value for name, value in merged.items() if value is not None}

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def profile(self, issuer: str, file: str = "service.yaml", /, **changes: Any) -> Path:
        """Write a service's profile for `issuer`; keys given None are left out."""
        keys = service(issuer) | changes
        kept = {key: value for key, value in keys.items() if value is not None}
        return self.write(file, yaml.safe_dump(kept, sort_keys=False, allow_unicode=True))

    def stored(self) -> dict[str, bytes]:
        """What lies under TOKENFLOW_HOME, but for locks and caches: the store, byte for byte."""
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file() and path.suffix != ".lock" and "cache" not in path.relative_to(self.home).parts[0]
        }


def service(issuer: str) -> dict[str, Any]:
    """Say what a service's profile says, with retries that nobody has to wait for."""
    return deepcopy(
        {
            "version": 1,
            "app_type": "service",
            "issuer": issuer,
            "client": {"id": "service", "secret": {"env": SECRET_VARIABLE}},
            "scopes": ["read", "write"],
            "refresh": {"retry": {"attempts": 2, "first_delay": "10ms", "deadline": "2s"}},
        }
    )


def side_by_side(jobs: Mapping[str, Callable[[], T]]) -> dict[str, T]:
    """Run independent jobs at the same time: it is starting Python that takes the time of these tests."""
    with ThreadPoolExecutor(4) as pool:
        running = {name: pool.submit(job) for name, job in jobs.items()}
        return {name: future.result() for name, future in running.items()}


def assert_clean(done: Done) -> None:
    """What is true of every failure: stdout is empty, stderr is for people, and no traceback is among it."""
    assert done.stdout == ""
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "\x1b" not in done.stderr


def assert_succeeded(done: Done) -> None:
    assert done.status == 0, done.stderr
