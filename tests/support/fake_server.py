"""A strict fake authorization server on loopback, for faults that real servers do not commit.

    with FakeServer() as server:
        server.script("/token", Answer(status=503, body=b"busy"))  # once; then the default answer again
        ...                                                        # run what is under test against server.url
        assert len(server.token_requests) == 2

It speaks HTTP over raw sockets, one thread a connection, so that it can cut, delay and garble what it sends. Every
request is recorded. Leaving the `with` block fails where a request came that the server does not understand (another
path or method, anything in the query, two ways of client authentication, a parameter twice or empty, no grant_type, a
refresh token that was used up), or where a scripted answer was left unused.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import socket
import struct
import threading
import time
from collections import Counter, defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, Self
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

OPENID_CONFIGURATION: Final = "/.well-known/openid-configuration"
OAUTH_METADATA: Final = "/.well-known/oauth-authorization-server"
KEY_ID: Final = "fake-key"

_ROUTES: Final = {OPENID_CONFIGURATION: "GET", OAUTH_METADATA: "GET", "/jwks": "GET", "/token": "POST"}
_LINGER_ZERO: Final = struct.pack("ii", 1, 0)  # closing resets the connection


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent for one request; the defaults are a good HTTP answer, each other field is one way to spoil it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0
    """Seconds of silence before the first byte."""
    declared_length: int | None = None
    """The Content-Length that is claimed, where it is not the body's own."""
    pause: float = 0
    """Seconds between one byte of the body and the next."""
    copies: int = 1
    """How often the body is sent, for bodies too large to hold."""
    raw: bytes | None = None
    """Sent as it is, in place of all the above but the delay."""

    @classmethod
    def json(cls, content: object, *, status: int = 200, **changes: Any) -> Self:
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"} | changes.pop("headers", {})
        return cls(status=status, headers=headers, body=json.dumps(content).encode(), **changes)

    @classmethod
    def html(cls, status: int = 200, text: str = "<html><body>Welcome to the hotel</body></html>") -> Self:
        return cls(status=status, headers={"Content-Type": "text/html; charset=utf-8"}, body=text.encode())

    @classmethod
    def error(cls, error: str, *, status: int = 400, **members: object) -> Self:
        return cls.json({"error": error, **members}, status=status)


CLOSE: Final = Answer(raw=b"")
"""Read the request, then close without a word (scripted like any other answer)."""


@dataclass(frozen=True)
class Request:
    """One request as it came in; `form` is empty but for a form-encoded body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    form: Mapping[str, str]
    at: float
    """By the monotonic clock."""
    wall_clock: float

    @property
    def basic(self) -> tuple[str, str] | None:
        """Client id and secret of HTTP Basic, decoded as RFC 6749, section 2.3.1 says."""
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        return unquote_plus(user), unquote_plus(password)

    @property
    def client(self) -> tuple[str, str]:
        return self.basic or (self.form.get("client_id", ""), self.form.get("client_secret", ""))


class FakeServer:
    """The server; see the module's docstring. Set what the default answers say by keyword."""

    def __init__(  # each keyword is one thing that the good answers say
        self,
        *,
        clients: Mapping[str, str] | None = None,
        expires_in: object = 3600,
        refresh_tokens: Literal["none", "kept", "rotating"] = "none",
        signed: bool = False,
        token_delay: float = 0,
    ) -> None:
        """`signed` makes access tokens JWTs; `expires_in` None leaves the member out."""
        self.clients = dict(clients or {"service": "service-secret"})
        self.expires_in = expires_in
        self.refresh_tokens = refresh_tokens
        self.signed = signed
        self.token_delay = token_delay
        self.requests: list[Request] = []
        self.issued: list[str] = []
        self.violations: list[str] = []
        self.first_refresh_token = "first-" + secrets.token_urlsafe(24)
        self.live_refresh_tokens = {self.first_refresh_token}
        self._script: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._connections_to_drop = 0
        self._guard = threading.RLock()
        self._arrived = threading.Condition(self._guard)
        self._closing = threading.Event()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        if kind is None:
            self.check()

    def stop(self) -> None:
        """Go down: from here on connections are refused, and what was under way is cut."""
        if self._closing.is_set():
            return
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def check(self) -> None:
        """Fail for what was not understood, and for what was scripted in vain."""
        unused = {path: len(answers) for path, answers in self._script.items() if answers}
        assert not self.violations, f"the fake server got what it does not understand: {self.violations}"
        assert not unused, f"scripted answers were left unused: {unused}"
        assert not self._connections_to_drop, f"{self._connections_to_drop} connections were to be dropped, none came"

    # What tests say

    def script(self, path: str, *answers: Answer) -> None:
        """Give these answers to the next requests for `path`, one each; then the default one again."""
        assert path in _ROUTES, path
        with self._guard:
            self._script[path].extend(answers)

    def forget(self, path: str) -> None:
        """Take back what was scripted for `path`: for faults that may be met any number of times."""
        with self._guard:
            self._script[path].clear()

    def drop_connections(self, count: int) -> None:
        """Reset the next `count` connections before anything is read from them."""
        with self._guard:
            self._connections_to_drop += count

    def sign(self, *, key: ec.EllipticCurvePrivateKey | None = None, typ: str = "at+jwt", **claims: Any) -> str:
        """Make an access token by this server; claims given None are left out."""
        now = int(time.time())
        every = {
            "iss": self.url,
            "sub": "service",
            "aud": f"{self.url}/resources",
            "client_id": "service",
            "iat": now,
            "exp": now + 3600,
            "jti": secrets.token_hex(8),
        } | claims
        kept = {name: value for name, value in every.items() if value is not None}
        return jwt.encode(kept, key or self._key, algorithm="ES256", headers={"typ": typ, "kid": KEY_ID})

    # What tests ask

    @property
    def token_requests(self) -> list[Request]:
        with self._guard:
            return [request for request in self.requests if request.path == "/token"]

    def wait_for(self, path: str, count: int = 1, timeout: float = 15) -> None:
        """Wait until `count` requests for `path` have come in."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: sum(r.path == path for r in self.requests) >= count, timeout)
        assert came, f"no request for {path} within {timeout} s"

    # The default answers

    def metadata(self, **changes: Any) -> dict[str, Any]:
        every = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "grant_types_supported": ["client_credentials", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        } | changes
        return {name: value for name, value in every.items() if value is not None}

    def jwks(self) -> dict[str, Any]:
        algorithm = jwt.get_algorithm_by_name("ES256")
        public = json.loads(algorithm.to_jwk(self._key.public_key()))
        return {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "ES256"}]}

    def token_body(self, **changes: Any) -> dict[str, Any]:
        """What a good token answer says; members given None are left out."""
        every = {"access_token": self._mint(), "token_type": "Bearer", "expires_in": self.expires_in} | changes
        return {name: value for name, value in every.items() if value is not None}

    def _mint(self) -> str:
        with self._guard:
            token = self.sign() if self.signed else f"at-{len(self.issued)}-{secrets.token_urlsafe(24)}"
            self.issued.append(token)
        return token

    def _default(self, request: Request) -> Answer:
        match request.path:
            case "/token":
                return replace(self._grant(request), delay=self.token_delay)
            case "/jwks":
                return Answer.json(self.jwks())
            case _:
                return Answer.json(self.metadata())

    def _grant(self, request: Request) -> Answer:
        if self.clients.get(request.client[0]) != request.client[1]:
            return Answer.json(
                {"error": "invalid_client", "error_description": "the client's credentials are wrong"},
                status=401,
                headers={"WWW-Authenticate": 'Basic realm="fake"'} if request.basic else {},
            )
        match request.form.get("grant_type"):
            case "client_credentials":
                return Answer.json(self.token_body(refresh_token=self._refresh_token(None)))
            case "refresh_token":
                return self._renew(request.form.get("refresh_token", ""))
            case _:
                return Answer.error("unsupported_grant_type")

    def _renew(self, presented: str) -> Answer:
        with self._guard:
            if presented not in self.live_refresh_tokens:
                self.violations.append("a refresh token that was used up, or never given out, was sent")
                self.live_refresh_tokens.clear()  # reuse detection ends the whole family
                return Answer.error("invalid_grant", error_description="refresh token reused")
            return Answer.json(self.token_body(refresh_token=self._refresh_token(presented)))

    def _refresh_token(self, presented: str | None) -> str | None:
        with self._guard:
            if self.refresh_tokens == "none" or (presented and self.refresh_tokens == "kept"):
                return None
            self.live_refresh_tokens.discard(presented or "")
            made = f"rt-{len(self.issued)}-{secrets.token_urlsafe(24)}"
            self.live_refresh_tokens.add(made)
            return made

    # Sockets

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(30)
            with self._guard:
                dropped = self._connections_to_drop > 0
                self._connections_to_drop -= dropped
            if dropped:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
                return
            request = self._read(connection)
            if request is not None:
                self._send(connection, self._answer(request))

    def _read(self, connection: socket.socket) -> Request | None:
        stream = connection.makefile("rb")
        line = stream.readline(65536).decode("latin-1").split()
        if not line:
            return None  # opened and closed again: no request
        headers: list[tuple[str, str]] = []
        while (header := stream.readline(65536).decode("latin-1").strip()) != "":
            name, _, value = header.partition(":")
            headers.append((name.strip().lower(), value.strip()))
        method, target = line[0], line[1]
        body = stream.read(int(dict(headers).get("content-length", "0")))
        at, wall_clock = time.monotonic(), time.time()
        parts = urlsplit(target)
        pairs = _form(dict(headers), body)
        request = Request(method, parts.path, dict(headers), body, dict(pairs), at, wall_clock)
        with self._arrived:
            self.requests.append(request)
            self.violations += _misunderstood(request, parts.query, [name for name, _ in headers], pairs)
            self._arrived.notify_all()
        return request

    def _answer(self, request: Request) -> Answer:
        with self._guard:
            if request.path not in _ROUTES:
                return Answer.html(404)
            script = self._script[request.path]
            return script.popleft() if script else self._default(request)

    def _send(self, connection: socket.socket, answer: Answer) -> None:
        if answer.delay and self._closing.wait(answer.delay):
            return
        if answer.raw is not None:
            for piece in [answer.raw[i : i + 1] for i in range(len(answer.raw))] if answer.pause else [answer.raw]:
                connection.sendall(piece)
                if answer.pause and self._closing.wait(answer.pause):
                    return
            return
        length = len(answer.body) * answer.copies if answer.declared_length is None else answer.declared_length
        headers = {"Content-Length": str(length), "Connection": "close"} | dict(answer.headers)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"HTTP/1.1 {answer.status} Fake\r\n{head}\r\n".encode("latin-1"))
        for _ in range(answer.copies):
            if not answer.pause:
                connection.sendall(answer.body)
                continue
            for byte in answer.body:
                if self._closing.wait(answer.pause):
                    return
                connection.sendall(bytes([byte]))


def _form(headers: Mapping[str, str], body: bytes) -> list[tuple[str, str]]:
    if headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return []
    return parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True)


def _misunderstood(request: Request, query: str, headers: list[str], pairs: list[tuple[str, str]]) -> list[str]:
    """Name everything about this request that a strict server would refuse."""
    where = f"{request.method} {request.path}"
    found = []
    if _ROUTES.get(request.path) != request.method:
        found.append(f"{where}: no such path and method")
    if query:
        found.append(f"{where}: something in the query")
    if Counter(headers)["authorization"] > 1:
        found.append(f"{where}: Authorization twice")
    if request.method == "POST":
        found += [f"{where}: {what}" for what in _wrong_form(request, pairs)]
    elif request.body or "authorization" in headers:
        found.append(f"{where}: a body or credentials where none belong")
    return found


def _wrong_form(request: Request, pairs: list[tuple[str, str]]) -> list[str]:
    found = [f"parameter {name} {count} times" for name, count in Counter(n for n, _ in pairs).items() if count > 1]
    found += [f"parameter {name} without a value" for name, value in pairs if not value]
    if not pairs:
        found.append("no form in the body")
    if "grant_type" not in request.form:
        found.append("no grant_type")
    methods = {"authorization": request.headers, "client_secret": request.form, "client_assertion": request.form}
    if sum(name in place for name, place in methods.items()) > 1:
        found.append("more than one way of client authentication")
    try:
        basic = request.basic
    except (binascii.Error, UnicodeDecodeError):
        return [*found, "HTTP Basic that cannot be decoded"]
    if "authorization" in request.headers and basic is None:
        found.append("Authorization that is not Basic")
    if basic and request.form.get("client_id", basic[0]) != basic[0]:
        found.append("another client_id in the body than in the header")
    return found
