from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.example import ISSUER, METADATA, answer, json_answer, service
from support.walking import NOW, World, walk

from tokenflow.errors import OAuthError, ProtocolError, TransportError, VerificationError
from tokenflow.metadata import ENDPOINTS, NOTHING_KNOWN, ServerMetadata
from tokenflow.profile import VerifyPolicy
from tokenflow.protocol.discovery import LIFE, read_metadata, server_metadata, well_known
from tokenflow.protocol.effects import Remembered

if TYPE_CHECKING:
    from tokenflow.protocol.messages import HttpResponse

OAUTH = f"{ISSUER}/.well-known/oauth-authorization-server"
DOCUMENT = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token", "jwks_uri": f"{ISSUER}/jwks"}
FOUND = ServerMetadata(issuer=ISSUER, token_endpoint=f"{ISSUER}/token", jwks_uri=f"{ISSUER}/jwks")
KEY = f"metadata {ISSUER}"
NOT_HERE = answer(404, b"<html>")


def discover(world: World, issuer: str = ISSUER, **changes: Any) -> ServerMetadata:
    return world.run(server_metadata(service(**{"issuer": issuer, "metadata": NOTHING_KNOWN, **changes})))


@pytest.mark.parametrize(
    ("issuer", "addresses"),
    [
        (
            "https://as.example",
            [
                "https://as.example/.well-known/openid-configuration",
                "https://as.example/.well-known/oauth-authorization-server",
            ],
        ),
        (
            "https://as.example/",
            [
                "https://as.example/.well-known/openid-configuration",
                "https://as.example/.well-known/oauth-authorization-server",
            ],
        ),
        (
            "https://as.example:8443/realms/a",
            [
                "https://as.example:8443/realms/a/.well-known/openid-configuration",
                "https://as.example:8443/.well-known/oauth-authorization-server/realms/a",
            ],
        ),
        (
            "https://as.example/a/",
            [
                "https://as.example/a/.well-known/openid-configuration",
                "https://as.example/.well-known/oauth-authorization-server/a",
            ],
        ),
    ],
)
def test_the_document_is_looked_for_after_oidc_and_then_after_rfc_8414_r8414_03(
    issuer: str, addresses: list[str]
) -> None:
    assert well_known(issuer) == addresses
    world = World().on(addresses[0], NOT_HERE).on(addresses[1], json_answer({**DOCUMENT, "issuer": issuer}))
    assert discover(world, issuer).issuer == issuer
    assert [(request.method, request.url, request.headers) for request in world.requests] == [
        ("GET", address, (("Accept", "application/json"),)) for address in addresses
    ]
    assert all(request.form is None and not request.secrets for request in world.requests)


def test_the_first_document_is_taken_and_remembered() -> None:
    world = World().on(METADATA, json_answer(DOCUMENT))
    assert discover(world) == FOUND
    assert world.trace == ["GET /.well-known/openid-configuration", "remember"]
    assert json.loads(world.remembered[KEY].text) == DOCUMENT


@pytest.mark.parametrize(("age", "asks"), [(0.0, False), (LIFE - 1, False), (LIFE, True), (LIFE * 100, True)], ids=str)
def test_a_document_is_not_asked_for_again_for_an_hour_r8414_05(age: float, asks: bool) -> None:
    assert LIFE == 3600
    world = World(remembered={KEY: Remembered(json.dumps(DOCUMENT), NOW - age)})
    if asks:
        world.on(METADATA, json_answer({**DOCUMENT, "jwks_uri": f"{ISSUER}/new"}))
    assert discover(world).jwks_uri == (f"{ISSUER}/new" if asks else f"{ISSUER}/jwks")
    assert len(world.requests) == asks


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([TransportError("gone")], id="not reached"),
        pytest.param([answer(503)], id="503"),
        pytest.param([answer(429)], id="429"),
        pytest.param([answer(200, b"<html>sign in")], id="login page"),
        pytest.param([answer(302, location="https://portal.example")], id="redirect"),
        pytest.param([json_answer({"error": "gone"})], id="an error with 200"),
    ],
)
def test_a_failed_fetch_leaves_the_document_of_before_in_use_r8414_05(replies: list[HttpResponse | Exception]) -> None:
    remembered = Remembered(json.dumps(DOCUMENT), NOW - LIFE)
    world = World(remembered={KEY: remembered}).on(METADATA, *replies)
    assert discover(world) == FOUND
    assert world.warnings() == ["as.example gives no metadata now; its metadata of before is used"]
    assert world.remembered[KEY] == remembered


def test_a_document_that_has_gone_leaves_the_one_of_before_in_use_r8414_05() -> None:
    world = World(remembered={KEY: Remembered(json.dumps(DOCUMENT), NOW - LIFE)})
    assert discover(world.on(METADATA, NOT_HERE).on(OAUTH, NOT_HERE)) == FOUND


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (TransportError("gone"), TransportError, r"^gone$"),
        (answer(503), TransportError, rf"^discovering {ISSUER}: as.example answers 503 Service Unavailable; try again"),
        (answer(429, retry_after="9"), TransportError, r"answers 429 Too Many Requests; try again in 9 s$"),
        (answer(408), TransportError, r"answers 408 Request Timeout; try again later$"),
        (
            answer(200, b"<html>sign in"),
            ProtocolError,
            rf"^discovering {ISSUER}: as.example answered 200 OK with an HTML",
        ),
        (
            answer(301, location="https://other.example/"),
            ProtocolError,
            r"to other.example: redirects are not followed",
        ),
        (
            json_answer({"error": "access_denied"}),
            OAuthError,
            rf"^discovering {ISSUER}: as.example refused: access_denied",
        ),
    ],
)
def test_without_a_document_of_before_a_failed_fetch_is_an_error_and_ends_the_search_f_025(
    reply: HttpResponse | Exception, error: type[Exception], message: str
) -> None:
    world = World().on(METADATA, reply)
    with pytest.raises(error, match=message):
        discover(world)
    assert world.remembered == {}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410])
def test_a_server_without_a_document_says_what_to_do(status: int) -> None:
    world = World().on(METADATA, answer(404)).on(OAUTH, answer(status))
    with pytest.raises(ProtocolError) as caught:
        discover(world)
    assert str(caught.value) == (
        f"discovering {ISSUER}: it has no metadata document (answers {status}); check `issuer`,"
        " or write the endpoints under `metadata`"
    )


def test_a_server_that_fails_at_the_second_address_is_to_be_tried_again() -> None:
    with pytest.raises(TransportError, match="answers 500"):
        discover(World().on(METADATA, NOT_HERE).on(OAUTH, answer(500)))


@pytest.mark.parametrize(
    ("said", "actual"),
    [
        ("https://evil.example", "https://evil.example"),
        (f"{ISSUER}/", f"{ISSUER}/ (write `issuer: {ISSUER}/` if that is the server you mean)"),
        (
            "https://AS.example",
            "https://AS.example (write `issuer: https://AS.example` if that is the server you mean)",
        ),
        ("http://as.example", "http://as.example"),
        ("https://as.example/a", "https://as.example/a"),
        ("x\x1b[0m", r"x\x1b[0m"),
        (None, "missing"),
        (7, "missing"),
        ([ISSUER], "missing"),
    ],
)
def test_a_document_of_another_issuer_is_refused_r8414_01_f_110(said: object, actual: str) -> None:
    world = World().on(METADATA, json_answer({**DOCUMENT, "issuer": said}))
    with pytest.raises(VerificationError) as caught:
        discover(world)
    assert (caught.value.claim, caught.value.expected, caught.value.actual) == ("issuer", ISSUER, actual)
    assert str(caught.value) == f"discovering {ISSUER}: issuer is {actual}, expected {ISSUER}"
    assert world.remembered == {}


def test_another_issuers_document_does_not_pass_because_a_good_one_was_there_before_r8414_01() -> None:
    remembered = Remembered(json.dumps(DOCUMENT), NOW - LIFE)
    world = World(remembered={KEY: remembered}).on(
        METADATA, json_answer({**DOCUMENT, "issuer": "https://evil.example"})
    )
    with pytest.raises(VerificationError):
        discover(world)
    assert world.remembered[KEY] == remembered


@pytest.mark.parametrize(
    ("changes", "metadata"),
    [
        pytest.param(
            {"metadata": ServerMetadata(token_endpoint="https://x/t")},
            ServerMetadata(issuer=ISSUER, token_endpoint="https://x/t"),
            id="the token endpoint is written out",
        ),
        pytest.param(
            {"metadata": ServerMetadata(token_endpoint="https://x/t", issuer="https://written")},
            ServerMetadata(issuer="https://written", token_endpoint="https://x/t"),
            id="an issuer is written out",
        ),
        pytest.param({"issuer": None}, ServerMetadata(), id="there is no issuer"),
        pytest.param(
            {
                "metadata": ServerMetadata(token_endpoint="https://x/t", jwks_uri="https://x/k"),
                "verify": VerifyPolicy(access_token="jwt"),
            },
            ServerMetadata(issuer=ISSUER, token_endpoint="https://x/t", jwks_uri="https://x/k"),
            id="token endpoint and keys are written out",
        ),
    ],
)
def test_nothing_is_fetched_where_everything_needed_is_written_out(
    changes: dict[str, Any], metadata: ServerMetadata
) -> None:
    assert walk(server_metadata(service(**{"metadata": NOTHING_KNOWN, **changes}))) == metadata


@pytest.mark.parametrize(
    ("written", "verify"),
    [
        (ServerMetadata(jwks_uri="https://x/k"), VerifyPolicy()),
        (ServerMetadata(token_endpoint="https://x/t"), VerifyPolicy(access_token="jwt")),
    ],
    ids=["the token endpoint is missing", "the keys are missing, and needed"],
)
def test_what_is_written_out_wins_over_what_is_discovered(written: ServerMetadata, verify: VerifyPolicy) -> None:
    world = World().on(METADATA, json_answer(DOCUMENT))
    assert discover(world, metadata=written, verify=verify) == FOUND.overlaid_by(written)


def test_a_document_is_read_member_by_member_and_the_rest_is_passed_over_r6749_06() -> None:
    document = {
        **{name: f"{ISSUER}/{name}" for name in ENDPOINTS},
        "issuer": ISSUER,
        "scopes_supported": ["openid", "a"],
        "grant_types_supported": [],
        "code_challenge_methods_supported": None,
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": "yes",
        "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.as.example/token"},
        "unheard_of": [1, 2],
    }
    metadata = read_metadata(document, ISSUER)
    assert {name: getattr(metadata, name) for name in ENDPOINTS} == {name: f"{ISSUER}/{name}" for name in ENDPOINTS}
    assert metadata.scopes_supported == ("openid", "a")
    assert metadata.grant_types_supported == ()
    assert metadata.code_challenge_methods_supported is None
    assert metadata.authorization_response_iss_parameter_supported is True
    assert metadata.require_pushed_authorization_requests is None
    assert metadata.mtls_endpoint_aliases == (("token_endpoint", "https://mtls.as.example/token"),)


@pytest.mark.parametrize("aliases", [None, [], "https://x", {}])
def test_aliases_that_are_none_are_passed_over(aliases: object) -> None:
    assert not read_metadata({"mtls_endpoint_aliases": aliases}, ISSUER).mtls_endpoint_aliases


UNSAFE = [
    ("http://as.example/token", "is plain http to another machine: tokens would travel unprotected"),
    ("ftp://as.example/", "is not an https address"),
    ("file:///etc/passwd", "is not an https address"),
    ("data:text/plain,x", "is not an https address"),
    ("javascript:alert(1)", "is not an https address"),
    ("/token", "is not an https address"),
    ("", "is not an https address"),
    ("https://[oops/", "is not an address"),
    ("https://as.example:port/", "is not an address"),
    ("https://as.example/token#part", "has a query or a fragment"),
    ("https://user:pw@as.example/token", "holds a user name or password"),
    ("https://as.example/to ken", "holds a blank or a control character"),
    ("https://as.example/\x1b", "holds a blank or a control character"),
    ("http://127.0.0.1/token", "leads to this machine or its own link, and its issuer does not"),
    ("https://127.0.0.1/token", "leads to this machine or its own link, and its issuer does not"),
    ("https://localhost:8080/token", "leads to this machine or its own link, and its issuer does not"),
    ("https://[::1]/token", "leads to this machine or its own link, and its issuer does not"),
    ("https://169.254.169.254/latest", "leads to this machine or its own link, and its issuer does not"),
    ("https://[fe80::1]/token", "leads to this machine or its own link, and its issuer does not"),
    (7, "is not text"),
    ([f"{ISSUER}/token"], "is not text"),
    ({}, "is not text"),
]


@pytest.mark.parametrize(("address", "wrong"), UNSAFE)
@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri"])
def test_an_unsafe_endpoint_makes_the_document_useless_r8414_04_f_110_f_111(
    name: str, address: object, wrong: str
) -> None:
    with pytest.raises(ProtocolError) as caught:
        discover(World().on(METADATA, json_answer({**DOCUMENT, name: address})))
    assert str(caught.value) == f"discovering {ISSUER}: its {name} {wrong}; the document cannot be used"


def test_an_unsafe_alias_makes_the_document_useless_r8414_06() -> None:
    aliases = {"x\x1b": "http://as.example/token"}
    with pytest.raises(ProtocolError, match=r"its x\\x1b is plain http"):
        read_metadata({"mtls_endpoint_aliases": aliases}, ISSUER)


@pytest.mark.parametrize(
    ("issuer", "address"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/token"),
        ("http://localhost:8000", "http://[::1]:9000/token"),
        ("https://169.254.1.1", "https://169.254.1.2/token"),
        (ISSUER, "https://login.other.example/token?tenant=1"),
        (ISSUER, "https://10.0.0.1/token"),
    ],
)
def test_an_endpoint_may_be_elsewhere_and_near_where_its_issuer_is_near_f_110_f_111(issuer: str, address: str) -> None:
    assert read_metadata({"token_endpoint": address}, issuer).token_endpoint == address


@pytest.mark.parametrize("values", ["openid", {"openid": True}, [1], ["a", None], 7, True])
def test_a_list_that_is_none_makes_the_document_useless(values: object) -> None:
    with pytest.raises(ProtocolError) as caught:
        read_metadata({"scopes_supported": values}, ISSUER)
    assert str(caught.value) == (
        f"discovering {ISSUER}: its scopes_supported is not a list of text; the document cannot be used"
    )
