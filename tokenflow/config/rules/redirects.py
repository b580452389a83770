"""Rules about the addresses to which a browser returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from tokenflow.addresses import is_loopback
from tokenflow.app_types import APP_TYPES
from tokenflow.config.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding

_BOTH: Final = ("redirect_uri", "post_logout_redirect_uri")
_BROWSER: Final = ("authorization_code", "implicit", "hybrid")


def _parts(facts: Facts, key: str = "redirect_uri") -> SplitResult | None:
    """Return the parts of an address that is one; None otherwise."""
    text = facts.text(key)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    web = parts.scheme in ("http", "https")
    return parts if parts.scheme and (parts.hostname or not web) and port != 0 else None


def _redirect_uri_is_named(facts: Facts) -> Iterator[Finding]:
    if not facts.app_type or not APP_TYPES[facts.app_type].needs_redirect_uri or facts.has("redirect_uri"):
        return
    if facts.flow in _BROWSER:
        yield (
            ("redirect_uri",),
            f"is missing: app_type {facts.app_type} signs people in by {facts.flow}",
            "write the address registered for it, such as `http://localhost:3000/signin-callback`",
        )


def _redirect_uri_is_absolute(facts: Facts) -> Iterator[Finding]:
    for key in _BOTH:
        if facts.text(key) and _parts(facts, key) is None:
            yield (key,), "is not a whole address", "write scheme, host and path: `http://localhost:3000/callback`"


def _redirect_uri_has_no_fragment(facts: Facts) -> Iterator[Finding]:
    if "#" in facts.text("redirect_uri"):
        yield ("redirect_uri",), "has a fragment, which no server accepts", "remove `#` and what follows it"


def _redirect_uri_has_no_wildcard(facts: Facts) -> Iterator[Finding]:
    for key in _BOTH:
        if "*" in facts.text(key):
            yield (key,), "has a wildcard, and the browser returns to one address", "write one registered address"


def _redirect_uri_is_protected(facts: Facts) -> Iterator[Finding]:
    for key in _BOTH:
        parts = _parts(facts, key) if facts.text(key)[:5].lower() == "http:" else None
        if parts and not is_loopback(parts.hostname):
            yield (key,), "is plain http to another machine: the answer would travel unprotected", "write `https://`"


def _redirect_uri_fits_app_type(facts: Facts) -> Iterator[Finding]:
    parts = _parts(facts)
    if parts is None or facts.flow not in _BROWSER:
        return
    web = parts.scheme in ("http", "https")
    loopback = web and is_loopback(parts.hostname)
    if facts.app_type == "web" and not web:
        yield ("redirect_uri",), f"a web app cannot receive `{parts.scheme}:`", "write `https://`, or app_type mobile"
    if facts.app_type == "desktop" and parts.scheme == "https" and not loopback:
        wrong = "leads to a web site, where a desktop app does not see the answer (RFC 8252 section 7.3)"
        yield ("redirect_uri",), wrong, "write `http://127.0.0.1/callback`, or app_type web"
    if facts.app_type == "mobile" and loopback:
        wrong = "leads to a port of the phone, where no app can count on listening (RFC 8252 section 7)"
        yield ("redirect_uri",), wrong, "write a claimed https address, or `com.example.app:/callback`"


def _loopback_redirect_has_a_port(facts: Facts) -> Iterator[Finding]:
    parts = _parts(facts)
    if facts.app_type != "web" or facts.flow not in _BROWSER or parts is None or parts.port is not None:
        return
    if parts.scheme == "http" and is_loopback(parts.hostname):
        yield (
            ("redirect_uri",),
            "has no port, so that it is port 80, where few may listen; only a desktop app may take any port",
            f"write it as registered, such as `http://{parts.hostname}:3000{parts.path}`",
        )


def _private_use_scheme_has_a_dot(facts: Facts) -> Iterator[Finding]:
    parts = _parts(facts) if facts.flow in _BROWSER and facts.app_type != "web" else None
    if parts and parts.scheme not in ("http", "https") and "." not in parts.scheme:
        yield (
            ("redirect_uri",),
            f"the private-use scheme `{parts.scheme}` has no dot, so that any app may claim it (RFC 8252 section 7.1)",
            "use a domain that you own, reversed: `com.example.app:/callback`",
        )


RULES: Final = (
    Rule(
        id="redirect-uri-is-named",
        severity="error",
        title="A web or mobile app says where the browser returns",
        why="The server sends its answer to that address alone, and it must be registered there.",
        write="`redirect_uri`, letter for letter as registered.",
        section="RFC 6749 section 3.1.2",
        check=_redirect_uri_is_named,
    ),
    Rule(
        id="redirect-uri-is-absolute",
        severity="error",
        title="Where the browser returns to is a whole address",
        why="A path or a host alone leads nowhere from the server's page.",
        write="Scheme, host and path, such as `http://localhost:3000/signin-callback` or `com.example.app:/callback`.",
        section="RFC 6749 section 3.1.2",
        check=_redirect_uri_is_absolute,
    ),
    Rule(
        id="redirect-uri-has-no-fragment",
        severity="error",
        title="The redirect address has no fragment",
        why="The part after `#` is where some answers stand; an address that has one already is refused.",
        write="The address without `#` and what follows; let the application route by its path.",
        section="RFC 6749 section 3.1.2",
        check=_redirect_uri_has_no_fragment,
    ),
    Rule(
        id="redirect-uri-has-no-wildcard",
        severity="error",
        title="The redirect address is one address, not a pattern",
        why="Servers compare it letter by letter; patterns let answers be sent to strangers.",
        write="The one address at which this application listens; register each that is used.",
        section="RFC 9700 section 2.1",
        check=_redirect_uri_has_no_wildcard,
    ),
    Rule(
        id="redirect-uri-is-protected",
        severity="error",
        title="The redirect address is https, or this machine's own",
        why="Over plain http anybody on the way reads the code or the tokens.",
        write="`https://`; plain http is for localhost, 127.0.0.1 and [::1].",
        section="RFC 9700 section 2.6",
        check=_redirect_uri_is_protected,
    ),
    Rule(
        id="redirect-uri-fits-app-type",
        severity="warning",
        title="The application can receive what is sent to its redirect address",
        why="A web app receives by https, a desktop app on a loopback port, a mobile app by an address that the"
        " operating system hands to it.",
        write="An address of the app type's own kind, or the app type that fits the address.",
        section="RFC 8252 section 7",
        check=_redirect_uri_fits_app_type,
    ),
    Rule(
        id="loopback-redirect-has-a-port",
        severity="warning",
        title="A web app's loopback address has its port",
        why="Servers compare it with the port; only for native apps must they let it vary.",
        write="The port that is registered and listened at: `http://localhost:3000/signin-callback`.",
        section="RFC 8252 sections 7.3 and 8.4",
        check=_loopback_redirect_has_a_port,
    ),
    Rule(
        id="private-use-scheme-has-a-dot",
        severity="warning",
        title="A private-use scheme is a reversed domain",
        why="A scheme such as `myapp:` belongs to nobody: another app may claim it and receive the code.",
        write="A domain that you own, reversed: `com.example.app:/callback`; better a claimed https address.",
        section="RFC 8252 section 7.1",
        check=_private_use_scheme_has_a_dot,
    ),
)
