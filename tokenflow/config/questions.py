"""What must be asked for a new profile, as data: by its app type, its flow and what its preset leaves open.

An answer is text as a person writes it on a command line, known by its dotted path in the profile. Where a secret or a
foreign token belongs, the answer says where that is (`env:NAME`); a secret itself is refused, and never written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

from tokenflow.app_types import APP_TYPES
from tokenflow.profile import KeyringSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokenflow.config.presets import Preset

REPLACE_ME: Final = "REPLACE_ME"
SOURCES: Final = "env:NAME, file:PATH or keyring:SERVICE/USER"
TOKEN_SOURCES: Final = f"{SOURCES}, or ambient:auto"
REDIRECT: Final = "http://localhost:3000/signin-callback"

SECRETS: Final = ("client.secret", "user.password")
PLACES: Final = (*SECRETS, "subject_token")
_AMBIENT: Final = ("kubernetes", "github_actions", "gitlab", "azure", "spiffe", "auto")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One value that a profile needs, or may well have.

    `default` is taken where nobody answers; `replaceable` says that REPLACE_ME may stand there for now.
    """

    path: str
    asks: str
    hint: str = ""
    default: str = ""
    needed: bool = True
    replaceable: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A profile that is not written yet: `answers` by dotted path, `lent` by its preset, which is `provider`."""

    app_type: str
    preset: str | None = None
    provider: Preset | None = None
    lent: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def flow(self) -> str:
        """The flow that it will have."""
        return str(self.lent.get("flow") or APP_TYPES[self.app_type].default_flow)


def questions(draft: Draft) -> list[Question]:
    """Return what is to be asked for a draft, in the order of the file."""
    fill_in = draft.provider.fill_in if draft.provider else {}
    wanted = [question for question in _questions(draft, fill_in) if not _lends(draft, question.path)]
    public = isinstance(draft.lent.get("client"), dict) and draft.lent["client"].get("auth_method") == "none"
    return [question for question in wanted if not (public and question.path == "client.secret")]


def _questions(draft: Draft, fill_in: Mapping[str, str]) -> Iterator[Question]:
    row, prefix = APP_TYPES[draft.app_type], _variable(draft.preset)
    yield Question(
        path="issuer",
        asks="Address of the authorization server (issuer)",
        hint=fill_in.get("issuer", "such as https://login.example.com; its endpoints are found by discovery."),
    )
    yield Question(
        path="client.id",
        asks="Client ID",
        hint=fill_in.get("client.id", "From the registration at the authorization server; no secret."),
        replaceable=True,
    )
    if row.needs_client_authentication or "client.secret" in fill_in:
        yield Question(
            path="client.secret",
            asks=f"Where is the client secret? {SOURCES}",
            hint=fill_in.get("client.secret", "Never the secret itself: it does not belong into the file."),
            default=f"env:{prefix}CLIENT_SECRET",
        )
    if draft.flow == "password":
        yield Question(
            path="user.name",
            asks="Name of the service user",
            hint="It signs in with a password of its own; take no person's account.",
            replaceable=True,
        )
        yield Question(
            path="user.password",
            asks=f"Where is that user's password? {SOURCES}",
            hint="Never the password itself: it does not belong into the file.",
            default=f"env:{prefix}USER_PASSWORD",
        )
    if draft.flow == "token_exchange":
        yield Question(
            path="subject_token",
            asks=f"Where is the token to exchange? {TOKEN_SOURCES}",
            hint=f"ambient: what the platform gives its workloads, of {', '.join(_AMBIENT)}.",
            default="ambient:auto",
        )
    yield Question(
        path="scopes",
        asks="Scopes, separated by blanks",
        hint="Left out, the server decides.",
        needed=False,
    )
    yield Question(
        path="audience",
        asks="Audience",
        hint=fill_in.get("audience", "The API that the token is for, where the server wants to know."),
        needed="audience" in fill_in,
        replaceable=True,
    )
    if row.needs_redirect_uri and draft.flow == "authorization_code":
        yield Question(
            path="redirect_uri",
            asks="Redirect address, as registered",
            hint="Servers compare it letter for letter.",
            default="" if draft.app_type == "mobile" else REDIRECT,
        )


def _variable(preset: str | None) -> str:
    """Return how the names of environment variables begin."""
    stem = re.sub(r"\.ya?ml\Z", "", (preset or "").rpartition("/")[2])
    name = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_").upper()
    return f"{name}_" if re.match(r"[A-Z]", name) else ""


def _lends(draft: Draft, path: str) -> bool:
    """Whether the preset already says what stands at `path`."""
    value: Any = draft.lent
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value is not None


def place_of(text: str, *, ambient: bool = False) -> dict[str, Any]:
    """Read where a secret is, as a reference of a profile.

    Raises:
        ValueError: `text` is no place; it is not shown, because it may be the secret itself.
    """
    kind, _, name = text.partition(":")
    service, _, username = name.rpartition("/")
    if kind == "env" and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return {"env": name}
    if kind == "file" and name:
        return {"file": name}
    if kind == "keyring" and service and username:
        return {"keyring": {"service": service, "username": username}}
    if ambient and kind == "ambient" and name in _AMBIENT:
        return {"ambient": name}
    raise ValueError(f"this is no place; write {TOKEN_SOURCES if ambient else SOURCES}, and never the secret itself")


def misplacements(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield every answer that must be a place and is none: its dotted path, and what to write."""
    for path in (path for path in PLACES if path in draft.answers):
        try:
            place_of(draft.answers[path], ambient=path not in SECRETS)
        except ValueError as error:
            yield path, str(error)


def secrets_in_keyring(draft: Draft) -> list[KeyringSource]:
    """Return the items of the keyring that the draft's secrets are in."""
    places = [place_of(draft.answers[path]) for path in SECRETS if path in draft.answers]
    return [KeyringSource(**place["keyring"]) for place in places if "keyring" in place]
