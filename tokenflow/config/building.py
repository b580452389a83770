"""Build the frozen Profile from a document that has been checked. No dict travels further than this file."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tokenflow.config.durations import seconds
from tokenflow.config.references import beside, refer
from tokenflow.config.schema import REFERENCE_KINDS
from tokenflow.metadata import MEMBERS, ServerMetadata
from tokenflow.profile import (
    Assertion,
    Authorization,
    Client,
    DeliveryTarget,
    ForeignToken,
    HttpOptions,
    Profile,
    Reference,
    RefreshPolicy,
    RetryPolicy,
    SecretValue,
    StoreChoice,
    TokenRequest,
    User,
    VerifyPolicy,
)
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from tokenflow.config.document import Document

Convert = Callable[[Any], Any]
Members = dict[str, Any]


def build(document: Document) -> Profile:
    """Build the profile; the document has no problem left."""
    data = document.data
    foreign = _foreign_token(document)
    return Profile(
        **_members(
            data,
            version=int,
            app_type=str,
            description=str,
            flow=str,
            issuer=str,
            metadata=_metadata,
            client=lambda value: _client(value, document.base(("client", "certificate"))),
            user=_user,
            scopes=_words,
            audience=_strings,
            resource=_strings,
            send_to=_strings,
            redirect_uri=str,
            post_logout_redirect_uri=str,
            authorization=_authorization,
            token=_token_request,
            refresh_token=_secret,
            subject_token=lambda value: foreign("subject_token", value),
            actor_token=lambda value: foreign("actor_token", value),
            requested_token_type=str,
            assertion=_assertion(document),
            dpop=bool,
            refresh=_refresh,
            verify=_verify,
            store=lambda value: _store(value, document.base(("store", "path"))),
            http=lambda value: _http(value, document.base(("http", "ca_bundle"))),
            deliver=lambda value: tuple(_delivery(target, document.base(("deliver",))) for target in value),
        ),
        name=data.get("name") or stem(document.file),
        source=os.path.abspath(document.file),
        places=tuple(document.places()),
    )


def stem(file: str) -> str:
    """Return the name of a profile that gives itself none."""
    return os.path.splitext(os.path.basename(file))[0]


def _members(data: Members, **converters: Convert) -> Members:
    """Convert the members that are there; those that are not keep the dataclass's default."""
    return {name: convert(data[name]) for name, convert in converters.items() if data.get(name) is not None}


def _secret(value: str | Reference) -> SecretValue:
    return value if isinstance(value, Reference) else Secret(value)


def _strings(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _words(value: str | list[str]) -> tuple[str, ...]:
    """Read scopes: a list, or one space-separated string (RFC 6749 section 3.3); twice the same is once."""
    words = value.split() if isinstance(value, str) else [word for item in value for word in item.split()]
    return tuple(dict.fromkeys(words))


def _extra(value: Members) -> tuple[tuple[str, SecretValue], ...]:
    return tuple((name, _secret(parameter)) for name, parameter in value.items())


def _metadata(value: Members) -> ServerMetadata:
    def frozen(member: Any) -> Any:
        if isinstance(member, list):
            return tuple(member)
        return tuple(member.items()) if isinstance(member, dict) else member

    return ServerMetadata(**{name: frozen(member) for name, member in value.items() if name in MEMBERS})


def _client(value: Members, file: str) -> Client:
    return Client(
        **_members(
            value,
            id=str,
            secret=_secret,
            auth_method=str,
            private_key=_secret,
            private_key_passphrase=_secret,
            key_id=str,
            algorithm=str,
            certificate=lambda written: written if "-----BEGIN" in written else beside(file, written),
            assertion_audience=str,
        )
    )


def _user(value: Members) -> User:
    return User(**_members(value, name=str, password=_secret))


def _authorization(value: Members) -> Authorization:
    return Authorization(
        **_members(
            value,
            response_type=str,
            response_mode=str,
            prompt=str,
            login_hint=str,
            max_age=seconds,
            acr_values=str,
            ui_locales=str,
            par=lambda written: written,
            request_object=bool,
            details=tuple,
            binding_message=str,
            timeout=seconds,
            extra=_extra,
        )
    )


def _token_request(value: Members) -> TokenRequest:
    return TokenRequest(**_members(value, grant_type=str, response=str, extra=_extra))


def _origin(document: Document, key: str, value: Members) -> SecretValue | None:
    """Read the source of a token or assertion that stands beside other keys."""
    kinds = {kind: value[kind] for kind in REFERENCE_KINDS if kind in value}
    return refer(kinds, file=document.base((key,)), place=document.place((key,))) if kinds else None


def _foreign_token(document: Document) -> Callable[[str, Members], ForeignToken]:
    def read(key: str, value: Members) -> ForeignToken:
        members = _members(value, profile=lambda path: beside(document.base((key,)), path), ambient=str, type=str)
        return ForeignToken(source=_origin(document, key, value), **members)

    return read


def _assertion(document: Document) -> Convert:
    def read(value: Members) -> Assertion:
        members = _members(
            value,
            profile=lambda path: beside(document.base(("assertion",)), path),
            ambient=str,
            issuer=str,
            subject=str,
            audience=str,
            lifetime=seconds,
            claims=dict,
        )
        return Assertion(source=_origin(document, "assertion", value), **members)

    return read


def _refresh(value: Members) -> RefreshPolicy:
    return RefreshPolicy(
        **_members(
            value, before_expiry=seconds, min_validity=seconds, on_rejected=str, assume_lifetime=seconds, retry=_retry
        )
    )


def _retry(value: Members) -> RetryPolicy:
    return RetryPolicy(**_members(value, attempts=int, first_delay=seconds, max_delay=seconds, deadline=seconds))


def _verify(value: Members) -> VerifyPolicy:
    return VerifyPolicy(
        **_members(
            value, access_token=str, audience=_strings, required_scopes=_words, clock_skew=seconds, algorithms=tuple
        )
    )


def _store(value: str | Members, file: str) -> StoreChoice:
    if isinstance(value, str):
        return StoreChoice(kind=value)  # type: ignore[arg-type]  # the schema has checked it
    members = _members(
        value, kind=str, path=lambda path: beside(file, path), url=_secret, key=_secret, prefix=str, service=str
    )
    return StoreChoice(**members)


def _http(value: Members, file: str) -> HttpOptions:
    return HttpOptions(**_members(value, timeout=seconds, proxy=_secret, ca_bundle=lambda path: beside(file, path)))


def _delivery(value: Members, file: str) -> DeliveryTarget:
    members = _members(
        value, to=str, format=str, path=lambda path: beside(file, path), mode=str, run=tuple, timeout=seconds
    )
    rest = tuple((name, member) for name, member in value.items() if name in ("kubernetes", "vault"))
    return DeliveryTarget(**members, options=rest)
