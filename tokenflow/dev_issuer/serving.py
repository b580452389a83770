"""Run the issuer: a socket on 127.0.0.1, a threaded werkzeug server, and the daemon thread that it lives in."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Self

from werkzeug.serving import WSGIRequestHandler, make_server

from tokenflow.dev_issuer.clients import KNOWN_CLIENTS
from tokenflow.dev_issuer.realm import Realm
from tokenflow.dev_issuer.server import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from flask import Flask
    from werkzeug.serving import BaseWSGIServer

    from tokenflow.dev_issuer.clients import DevClient

HOST = "127.0.0.1"
# How long `close` may have to wait for the accepting loop to look up, in seconds.
POLL_INTERVAL = 0.02


class DevIssuer:
    """A development issuer; a context manager, or `start` and `close`.

    `port` 0 takes a free one. `extra_clients` are added to the known ones and win over one of the same name.
    `access_token_lifetime` and `device_interval` are seconds. `on_request` is told method, path and status of every
    answer, in the thread that answers; the path has no query, so it holds no secret.

    Started again after `close`, it is the same issuer: same port, keys, tokens and sign-ins.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        access_token_lifetime: int = 300,
        extra_clients: Iterable[DevClient] = (),
        on_request: Callable[[str, str, int], None] | None = None,
        device_interval: int = 1,
    ) -> None:
        self._port = port
        self._access_token_lifetime = access_token_lifetime
        self._device_interval = device_interval
        self._clients = {client.client_id: client for client in (*KNOWN_CLIENTS, *extra_clients)}
        self._on_request = on_request
        self._lock = threading.Lock()
        self._requests: list[tuple[str, str]] = []
        self._app: Flask | None = None
        self._running: tuple[BaseWSGIServer, threading.Thread] | None = None

    @property
    def url(self) -> str:
        """The issuer's identifier and address, without a slash at the end."""
        if not self._port:
            raise RuntimeError("the development issuer has no address before it is started")
        return f"http://{HOST}:{self._port}"

    @property
    def requests(self) -> tuple[tuple[str, str], ...]:
        """Method and path of every request so far, in the order in which they came."""
        with self._lock:
            return tuple(self._requests)

    def start(self) -> None:
        """Listen and serve. Raises OSError if the port is taken, RuntimeError if it runs already."""
        if self._running:
            raise RuntimeError(f"the development issuer runs already at {self.url}")
        # Bound here and handed over, because werkzeug itself prints and exits when a port is taken.
        with socket.create_server((HOST, self._port)) as listener:
            self._port = listener.getsockname()[1]
            if self._app is None:
                self._app = self._create_app()
            server = make_server(
                HOST, self._port, self._app, threaded=True, request_handler=_SilentHandler, fd=listener.fileno()
            )
        thread = threading.Thread(
            target=server.serve_forever, args=(POLL_INTERVAL,), name=f"dev-issuer:{self._port}", daemon=True
        )
        thread.start()
        self._running = (server, thread)

    def close(self) -> None:
        """Stop listening; requests in the making are left to their threads. A second call does nothing."""
        running, self._running = self._running, None
        if running:
            server, thread = running
            server.shutdown()
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"DevIssuer({self.url if self._port else 'not started'})"

    def _create_app(self) -> Flask:
        realm = Realm(
            issuer=self.url,
            clients=self._clients,
            access_token_lifetime=self._access_token_lifetime,
            device_interval=self._device_interval,
        )
        return create_app(realm, seen=self._seen, answered=self._on_request or (lambda *_: None))

    def _seen(self, method: str, path: str) -> None:
        with self._lock:
            self._requests.append((method, path))


class _SilentHandler(WSGIRequestHandler):
    """werkzeug's handler without its log lines, which would hold authorization codes and sign-in parameters."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # werkzeug's name
        """Say nothing; `on_request` does."""
