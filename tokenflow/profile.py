"""The profile as a frozen value: what an application is. Read from YAML by `tokenflow.config`, or built by hand.

The names and defaults are those of `schemas/profile.schema.json`; a test compares the defaults. Durations are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, final

from tokenflow.app_types import APP_TYPES
from tokenflow.errors import Problem, ProfileError
from tokenflow.metadata import NOTHING_KNOWN, ServerMetadata
from tokenflow.secret import Secret

AuthMethod = Literal[
    "none",
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
]
EMBEDDED = "embedded"


@final
@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file something stands; `line` and `column` count from 1 (0: made by hand)."""

    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}" if place else self.path


@final
@dataclass(frozen=True, slots=True)
class EnvSource:
    """An environment variable."""

    name: str

    def __str__(self) -> str:
        return f"{{env: {self.name}}}"


@final
@dataclass(frozen=True, slots=True)
class FileSource:
    """A file, as an absolute path or relative to the process."""

    path: str

    def __str__(self) -> str:
        return f"{{file: {self.path}}}"


@final
@dataclass(frozen=True, slots=True)
class KeyringSource:
    """An item of the system's keyring."""

    service: str
    username: str

    def __str__(self) -> str:
        return f"{{keyring: {{service: {self.service}, username: {self.username}}}}}"


@final
@dataclass(frozen=True, slots=True)
class CommandSource:
    """The standard output of a command, run without a shell; its arguments may hold secrets and are not shown."""

    argv: tuple[str, ...] = field(repr=False)

    def __str__(self) -> str:
        return f"{{command: [{self.argv[0]}{', ...' if self.argv[1:] else ''}]}}"


Source = EnvSource | FileSource | KeyringSource | CommandSource


@final
@dataclass(frozen=True, slots=True)
class Reference:
    """A value that stands elsewhere; read when it is needed. `place` says where the profile refers to it."""

    source: Source
    default: str | None = None
    place: Place = field(default=Place(), compare=False)

    def __str__(self) -> str:
        return str(self.source)


SecretValue = Secret | Reference


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The client as it is registered at the server (RFC 6749 section 2)."""

    id: str | None = None
    secret: SecretValue | None = None
    auth_method: AuthMethod | None = None
    private_key: SecretValue | None = None
    private_key_passphrase: SecretValue | None = None
    key_id: str | None = None
    algorithm: str | None = None
    certificate: str | Reference | None = None
    assertion_audience: Literal["issuer", "token_endpoint"] = "issuer"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The service user as whom an agent acts."""

    name: str | None = None
    password: SecretValue | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Parameters of the authorization request; `max_age` and `timeout` in seconds."""

    response_type: str = "code"
    response_mode: str | None = None
    prompt: str | None = None
    login_hint: str | None = None
    max_age: float | None = None
    acr_values: str | None = None
    ui_locales: str | None = None
    par: bool | Literal["auto"] = "auto"
    request_object: bool = False
    details: tuple[dict[str, Any], ...] = ()
    binding_message: str | None = None
    timeout: float = 180.0
    extra: tuple[tuple[str, SecretValue], ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What is special about the token request and its answer."""

    grant_type: str | None = None
    response: Literal["json", "form"] = "json"
    extra: tuple[tuple[str, SecretValue], ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignToken:
    """A token from elsewhere (RFC 8693 subject or actor): where it comes from, and its type."""

    source: SecretValue | None = None
    profile: str | None = None
    ambient: str | None = None
    type: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """An assertion (RFC 7521) from a source, or the claims to make one of; `lifetime` in seconds."""

    source: SecretValue | None = None
    profile: str | None = None
    ambient: str | None = None
    issuer: str | None = None
    subject: str | None = None
    audience: str | None = None
    lifetime: float | None = None
    claims: dict[str, Any] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently a failing exchange is repeated; times in seconds."""

    attempts: int = 5
    first_delay: float = 0.5
    max_delay: float = 30.0
    deadline: float = 120.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPolicy:
    """When a token is renewed; times in seconds."""

    before_expiry: float = 300.0
    min_validity: float = 60.0
    on_rejected: Literal["reauthenticate", "fail"] = "reauthenticate"
    assume_lifetime: float = 600.0
    retry: RetryPolicy = RetryPolicy()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyPolicy:
    """How an access token is checked before it is handed out; `clock_skew` in seconds."""

    access_token: Literal["auto", "jwt", "introspection", "none"] = "auto"
    audience: tuple[str, ...] = ()
    required_scopes: tuple[str, ...] = ()
    clock_skew: float = 30.0
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "EdDSA")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StoreChoice:
    """Which store keeps the tokens."""

    kind: Literal["file", "memory", "keyring", "redis"] = "file"
    path: str | None = None
    url: SecretValue | None = None
    key: SecretValue | None = None
    prefix: str | None = None
    service: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How the server is reached; `timeout` in seconds bounds one exchange as a whole."""

    timeout: float = 10.0
    proxy: SecretValue | None = None
    ca_bundle: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTarget:
    """One thing that `tokenflow run` does with a token."""

    to: str
    format: str = "token"
    path: str | None = None
    mode: str = "0600"
    run: tuple[str, ...] = ()
    timeout: float | None = None
    options: tuple[tuple[str, Any], ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One application's identity and wishes. Frozen: a changed profile is another profile.

    `source` is the absolute path of its file, `places` say where its keys stand; both are empty for one made by hand.
    """

    version: int = 1
    app_type: str
    name: str = "profile"
    description: str | None = None
    flow: str = ""
    issuer: str | None = None
    metadata: ServerMetadata = NOTHING_KNOWN
    client: Client = Client()
    user: User | None = None
    scopes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    resource: tuple[str, ...] = ()
    send_to: tuple[str, ...] = ()
    redirect_uri: str | None = None
    post_logout_redirect_uri: str | None = None
    authorization: Authorization = Authorization()
    token: TokenRequest = TokenRequest()
    refresh_token: SecretValue | None = None
    subject_token: ForeignToken | None = None
    actor_token: ForeignToken | None = None
    requested_token_type: str | None = None
    assertion: Assertion | None = None
    dpop: bool = False
    refresh: RefreshPolicy = RefreshPolicy()
    verify: VerifyPolicy = VerifyPolicy()
    store: StoreChoice = StoreChoice()
    http: HttpOptions = HttpOptions()
    deliver: tuple[DeliveryTarget, ...] = ()
    source: str = field(default="", repr=False, compare=False)
    places: tuple[Place, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.flow:
            row = APP_TYPES.get(self.app_type)
            object.__setattr__(self, "flow", row.default_flow if row else "")

    def place(self, path: str) -> Place:
        """Where the profile says `path` (dotted), or its nearest parent; a nameless place for one made by hand."""
        known = {place.path: place for place in self.places}
        parent = path
        while parent and parent not in known:
            parent = parent[: max(parent.rfind("."), parent.rfind("["), 0)]
        found = known.get(parent) or known.get("") or Place(file=self.name)
        return Place(found.file, found.line, found.column, path)

    def says(self, path: str) -> bool:
        """Whether `path` is written in the profile's file."""
        return any(place.path == path for place in self.places)

    def refused(self, path: str, message: str, advice: str = "") -> ProfileError:
        """Build the error for a value of this profile that cannot be used."""
        place = self.place(path)
        problem = Problem(
            file=place.file, line=place.line, column=place.column, path=path, message=message, advice=advice
        )
        return ProfileError([problem])
