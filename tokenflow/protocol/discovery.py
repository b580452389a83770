"""Find a server's endpoints: OpenID Connect Discovery section 4, then RFC 8414 section 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tokenflow.addresses import leads_inside, unsafe_address
from tokenflow.errors import OAuthError, ProtocolError, TransportError, VerificationError
from tokenflow.metadata import ENDPOINTS, FLAGS, LISTS, ServerMetadata
from tokenflow.printable import printable
from tokenflow.protocol.effects import Flow, now, recall, remember, send, tell
from tokenflow.protocol.messages import HttpRequest
from tokenflow.protocol.server_answer import TRANSIENT, json_answer
from tokenflow.protocol.strict_json import json_object

if TYPE_CHECKING:
    from tokenflow.profile import Profile

LIFE: Final = 3600.0  # seconds for which a document is not asked for again
_NOT_HERE: Final = frozenset(range(400, 500)) - TRANSIENT


def server_metadata(profile: Profile) -> Flow[ServerMetadata]:
    """Return what is known of the profile's server: what the profile says, over what the server says.

    Where the profile holds every endpoint that is needed, nothing is fetched and its issuer is taken as written: the
    token endpoint, and the keys' address where access tokens have to be verified.

    Raises:
        VerificationError: the document is another issuer's (RFC 8414 section 3.3).
        ProtocolError: there is no usable document.
        TransportError: the server was not reached, and nothing was remembered.
        OAuthError: the server refused to show it, in the token endpoint's words.
    """
    written = profile.metadata
    keys_suffice = written.jwks_uri is not None or profile.verify.access_token != "jwt"
    if profile.issuer is None or (written.token_endpoint is not None and keys_suffice):
        return ServerMetadata(issuer=profile.issuer).overlaid_by(written)
    document = yield from _document(profile.issuer)
    return read_metadata(document, profile.issuer).overlaid_by(written)


def _document(issuer: str) -> Flow[dict[str, Any]]:
    key = f"metadata {issuer}"
    remembered = yield from recall(key)
    if remembered and (yield from now()) - remembered.at < LIFE:
        return json_object(remembered.text.encode())
    try:
        text = yield from _fetch(issuer)
    except (TransportError, ProtocolError, OAuthError):
        if remembered is None:
            raise
        yield from tell("warning", f"{urlsplit(issuer).netloc} gives no metadata now; its metadata of before is used")
        text = remembered.text
    else:
        yield from remember(key, text)
    return json_object(text.encode())


def _fetch(issuer: str) -> Flow[str]:
    doing = f"discovering {issuer}"
    first, *others = well_known(issuer)
    request = HttpRequest(method="GET", url=first, headers=(("Accept", "application/json"),))
    response = yield from send(request)
    for url in others:
        if response.status not in _NOT_HERE:
            break
        request = HttpRequest(method="GET", url=url, headers=(("Accept", "application/json"),))
        response = yield from send(request)
    if response.status in _NOT_HERE:
        raise ProtocolError(
            f"{doing}: it has no metadata document (answers {response.status}); check `issuer`,"
            " or write the endpoints under `metadata`"
        )
    document = json_answer(request, response, doing=doing)
    _compare(document.get("issuer"), issuer)
    return response.body.decode("utf-8-sig")


def well_known(issuer: str) -> list[str]:
    """Return the addresses of the metadata document, in the order in which they are tried."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    base = f"{parts.scheme}://{parts.netloc}"
    return [
        f"{base}{path}/.well-known/openid-configuration",
        f"{base}/.well-known/oauth-authorization-server{path}",
    ]


def _compare(said: object, issuer: str) -> None:
    if said == issuer:
        return
    shown = printable(said) if isinstance(said, str) else "missing"
    hint = ""
    if isinstance(said, str) and said.rstrip("/").lower() == issuer.rstrip("/").lower():
        hint = f" (write `issuer: {shown}` if that is the server you mean)"
    raise VerificationError("issuer", issuer, f"{shown}{hint}", doing=f"discovering {issuer}")


def read_metadata(document: dict[str, Any], issuer: str) -> ServerMetadata:
    """Check and freeze a metadata document.

    Raises:
        ProtocolError: a member is of the wrong type, or an endpoint's address is unsafe (F-110, F-111).
    """
    members: dict[str, Any] = {"issuer": issuer}
    for name in ENDPOINTS:
        if (address := document.get(name)) is not None:
            members[name] = _endpoint(name, address, issuer)
    for name in LISTS:
        if (values := document.get(name)) is not None:
            members[name] = _texts(name, values, issuer)
    for name in FLAGS:
        if isinstance(document.get(name), bool):
            members[name] = document[name]
    aliases = document.get("mtls_endpoint_aliases")
    if isinstance(aliases, dict):
        members["mtls_endpoint_aliases"] = tuple(
            (name, _endpoint(name, address, issuer)) for name, address in aliases.items()
        )
    return ServerMetadata(**members)


def _endpoint(name: str, address: object, issuer: str) -> str:
    wrong = _unusable(address, issuer) if isinstance(address, str) else "is not text"
    if wrong:
        raise ProtocolError(f"discovering {issuer}: its {printable(name)} {wrong}; the document cannot be used")
    return str(address)


def _unusable(address: str, issuer: str) -> str | None:
    """Refuse an unsafe endpoint, and one on this machine or its link that a server elsewhere names."""
    if unsafe := unsafe_address(address):
        return unsafe[0]
    if leads_inside(urlsplit(address).hostname) and not leads_inside(urlsplit(issuer).hostname):
        return "leads to this machine or its own link, and its issuer does not"
    return None


def _texts(name: str, values: object, issuer: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ProtocolError(f"discovering {issuer}: its {name} is not a list of text; the document cannot be used")
    return tuple(values)
