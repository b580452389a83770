"""Rules about the addresses of servers: where tokens are asked for, what they are for, where they may go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tokenflow.addresses import unsafe_address
from tokenflow.config.rules.rule import Rule
from tokenflow.profile import EMBEDDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding

_SIGN_IN: Final = ("authorization_endpoint", "token_endpoint")
_ENDPOINTS: Final = {
    "authorization_code": _SIGN_IN,
    "hybrid": _SIGN_IN,
    "implicit": ("authorization_endpoint",),
    "device_code": ("device_authorization_endpoint", "token_endpoint"),
    "ciba": ("backchannel_authentication_endpoint", "token_endpoint"),
}


def _issuer_is_named(facts: Facts) -> Iterator[Finding]:
    if facts.has("issuer") or facts.doubts(("preset",)):
        return
    if not facts.has("metadata"):
        yield ("issuer",), "is missing", "write the authorization server's address, or its endpoints under `metadata`"
    elif facts.flow:
        for name in _ENDPOINTS.get(facts.flow, ("token_endpoint",)):
            if not facts.has("metadata", name):
                yield (
                    ("metadata", name),
                    f"is missing: flow {facts.flow} asks there, and no issuer is named to find it by",
                    "write it, or `issuer`",
                )


def _addresses_are_safe(facts: Facts) -> Iterator[Finding]:
    places: list[tuple[str, ...]] = [("issuer",)]
    for section in (("metadata",), ("metadata", "mtls_endpoint_aliases")):
        endpoints = facts.value(*section)
        if isinstance(endpoints, dict):
            places += [(*section, name) for name in endpoints if name.endswith("_endpoint") or name == "jwks_uri"]
    for path in places:
        address = facts.text(*path)
        if address and address != EMBEDDED and (wrong := unsafe_address(address, issuer=path == ("issuer",))):
            yield path, *wrong


def _issuer_is_no_document(facts: Facts) -> Iterator[Finding]:
    issuer, well_known, _ = facts.text("issuer").partition("/.well-known/")
    if well_known:
        yield ("issuer",), "is the address of the metadata, which is found by the issuer's", f"write `{issuer}`"


def _issuer_is_said_once(facts: Facts) -> Iterator[Finding]:
    issuer, other = facts.text("issuer"), facts.text("metadata", "issuer")
    if issuer and other and issuer not in (other, EMBEDDED):
        yield (
            ("metadata", "issuer"),
            "is not what `issuer` says, letter by letter: tokens of the one are not the other's",
            "remove it, or make them equal; a slash at the end counts",
        )


def _texts(facts: Facts, key: str) -> tuple[str, ...]:
    text = facts.text(key)
    return (text,) if text else facts.words(key)


def _resource_is_absolute(facts: Facts) -> Iterator[Finding]:
    for text in _texts(facts, "resource"):
        if "#" in text:
            yield ("resource",), "has a fragment, which no server accepts", "remove `#` and what follows it"
        elif ":" not in text:
            yield ("resource",), "is not a whole address", "write it with its scheme: `https://api.example.com`"


def _send_to_are_origins(facts: Facts) -> Iterator[Finding]:
    for text in _texts(facts, "send_to"):
        wrong, advice = unsafe_address(text) or ("", "")
        parts = None if wrong else urlsplit(text)
        if parts and (parts.path not in ("", "/") or parts.query):
            wrong = "is more than an origin: the token could go to every path of that host all the same"
            advice = f"write `{parts.scheme}://{parts.netloc}`"
        if wrong:
            yield ("send_to",), wrong, advice


_PROXIES: Final = ("http", "https", "socks5", "socks5h")


def _proxy_is_an_address(facts: Facts) -> Iterator[Finding]:
    proxy = facts.text("http", "proxy")
    scheme, separator, rest = proxy.partition("://")
    if proxy and not (separator and scheme in _PROXIES and rest.strip("/")):
        yield ("http", "proxy"), "is not the address of a proxy", "write `http://proxy.example.com:8080`"


RULES: Final = (
    Rule(
        id="issuer-is-named",
        severity="error",
        title="The authorization server is named",
        why="Its endpoints are found by the issuer; without one, `metadata` must hold all that the flow needs.",
        write="`issuer: https://...`, or the endpoints under `metadata`.",
        section="RFC 8414 sections 2 and 3",
        check=_issuer_is_named,
    ),
    Rule(
        id="addresses-are-safe",
        severity="error",
        title="The server's addresses are https, without user, fragment or (for the issuer) query",
        why="Credentials and tokens travel there: over plain http anybody on the way has them.",
        write="`https://host/path`; plain http is for this machine's own addresses only.",
        section="RFC 8414 section 2, RFC 6749 section 3.2",
        check=_addresses_are_safe,
    ),
    Rule(
        id="issuer-is-no-document",
        severity="error",
        title="The issuer is the server's own address, not that of its metadata",
        why="The metadata's address is made from the issuer's, and tokens name the issuer without it.",
        write="The part before `/.well-known/`.",
        section="RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4",
        check=_issuer_is_no_document,
    ),
    Rule(
        id="issuer-is-said-once",
        severity="warning",
        title="`metadata.issuer` is no other than `issuer`",
        why="Tokens name their issuer letter by letter, so that one of the two would make every verification fail.",
        write="Remove `metadata.issuer`, or make both equal, down to the slash at the end.",
        section="RFC 8414 section 3.3",
        check=_issuer_is_said_once,
    ),
    Rule(
        id="resource-is-absolute",
        severity="error",
        title="A resource is an absolute address without a fragment",
        why="The standard says so, and servers refuse others as `invalid_target`. A name that is no address is an"
        " `audience`.",
        write="`resource: https://api.example.com`",
        section="RFC 8707 section 2",
        check=_resource_is_absolute,
    ),
    Rule(
        id="send-to-are-origins",
        severity="error",
        title="`send_to` names origins: https, host, port",
        why="It says to whom the token may be shown, and a host shows what it gets to all that runs on it.",
        write="`https://api.example.com`, without a path.",
        section="RFC 6454 section 4, RFC 6750 section 5.3",
        check=_send_to_are_origins,
    ),
    Rule(
        id="proxy-is-an-address",
        severity="error",
        title="The proxy is a whole address",
        why="Without its scheme it cannot be told how to speak to it.",
        write="`http://proxy.example.com:8080`; or remove the key to follow HTTPS_PROXY and NO_PROXY.",
        section="RFC 9110 section 9.3.6",
        check=_proxy_is_an_address,
    ),
)
