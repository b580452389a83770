"""The npm `oidc-provider`, a certified authorization server, as a process of its own on loopback.

The server itself is in the folder `oidc-provider`: its clients and users in clients.json, its settings in settings.mjs.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, TypedDict

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Unpack

    from interop.node import Node

TREE: Final = Path(__file__).parent / "oidc-provider"
START_SECONDS: Final = 20
STOP_SECONDS: Final = 5


class Settings(TypedDict, total=False):
    """What a server can be started with; settings.mjs says what each means and what it is otherwise."""

    TTL: int
    REFRESH_TTL: int
    DEVICE_TTL: int
    CIBA_TTL: int
    CIBA_DELAY: int
    ROTATE: int
    DPOP_NONCE: int
    DCR_OPEN: int
    VERBOSE: int


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request as the server saw it; no value that a client sent is kept."""

    method: str
    path: str
    content_type: str | None
    authorization_scheme: str | None


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A running server. `keys` holds what `interop.keys` made; both origins serve the same provider."""

    issuer: str
    mtls_issuer: str
    keys: Path

    def requests(self) -> list[SeenRequest]:
        """Return what both listeners were asked since the last reset, in order."""
        answer = httpx.get(f"{self.issuer}/_test/requests", trust_env=False).raise_for_status()
        return [
            SeenRequest(
                method=seen["method"],
                path=seen["path"],
                content_type=seen.get("contentType"),
                authorization_scheme=seen.get("authorizationScheme"),
            )
            for seen in answer.json()
        ]

    def reset_requests(self) -> None:
        """Forget what was asked so far."""
        httpx.delete(f"{self.issuer}/_test/requests", trust_env=False).raise_for_status()

    def answer_ciba(self, auth_req_id: str, *, approve: bool) -> None:
        """Let the user of a CIBA request say yes or no, once; for servers with CIBA_DELAY=-1."""
        answer = {"auth_req_id": auth_req_id, "approve": "1" if approve else "0"}
        httpx.post(f"{self.issuer}/_test/ciba", params=answer, trust_env=False).raise_for_status()


class StartOidcProvider(Protocol):
    """Start a server with these settings, or return the one that already runs with them; it lives until the end."""

    def __call__(self, **settings: Unpack[Settings]) -> OidcProvider: ...


def client_secret(client_id: str) -> str:
    """Return the secret of a client in clients.json."""
    clients = json.loads((TREE / "clients.json").read_text())["clients"]
    return str(next(client["client_secret"] for client in clients if client["client_id"] == client_id))


@contextmanager
def run_oidc_provider(node: Node, keys: Path, **settings: Unpack[Settings]) -> Iterator[OidcProvider]:
    """Run a server until the end of the `with` block; `install_packages(node, TREE)` must have been called.

    Raise RuntimeError, with what the server said, if it does not start or does not live until the end.
    """
    if unknown := settings.keys() - Settings.__annotations__.keys():
        raise TypeError(f"oidc-provider has no setting {', '.join(sorted(unknown))}")
    # Only these: a TTL or a NODE_OPTIONS of whoever runs the tests must not reach the server.
    environment = {"PATH": os.defpath, "KEYS": str(keys), **{name: str(value) for name, value in settings.items()}}
    with tempfile.TemporaryFile("w+") as stderr, _start(node, environment, stderr) as process:
        try:
            ready = _await_ready(process, stderr)
            yield OidcProvider(issuer=ready["issuer"], mtls_issuer=ready["mtls"], keys=keys)
            if process.poll() is not None:
                raise RuntimeError(f"oidc-provider ended early, with {process.returncode}: {_said(stderr)}")
        finally:
            _stop(process)


def _start(node: Node, environment: Mapping[str, str], stderr: IO[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [node.executable, "server.mjs"],
        cwd=TREE,
        env=environment,
        stdin=subprocess.PIPE,  # held open: the server ends when this process does, however that comes about
        stdout=subprocess.PIPE,
        stderr=stderr,
        bufsize=0,  # select() must not miss what a buffer holds
    )


def _await_ready(process: subprocess.Popen[bytes], stderr: IO[str]) -> dict[str, Any]:
    """Return what the ready line says; oidc-provider may print notices before it."""
    assert process.stdout is not None
    received = b""
    deadline = time.monotonic() + START_SECONDS
    while (left := deadline - time.monotonic()) > 0 and select.select([process.stdout], [], [], left)[0]:
        piece = process.stdout.read(4096)
        if not piece:
            break
        received += piece
        for line in received.splitlines(keepends=True):
            if line.startswith(b"ready ") and line.endswith(b"\n"):
                found: dict[str, Any] = json.loads(line.removeprefix(b"ready "))
                return found
    raise RuntimeError(f"oidc-provider did not get ready (it has {START_SECONDS} s): {_said(stderr)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _said(stderr: IO[str]) -> str:
    stderr.seek(0)
    return stderr.read().strip() or "(nothing on stderr)"
