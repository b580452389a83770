from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest
from support.example import SERVER, service
from support.walking import walk

from tokenflow.errors import ProfileError, SecretError
from tokenflow.metadata import ServerMetadata
from tokenflow.profile import Client, EnvSource, Place, Reference
from tokenflow.protocol.client_auth import AUTH_METHODS, auth_method, authenticated, revealed
from tokenflow.protocol.effects import Resolve
from tokenflow.protocol.messages import HttpRequest
from tokenflow.secret import Secret, scrub

if TYPE_CHECKING:
    from tokenflow.profile import AuthMethod, Profile

REQUEST = HttpRequest(
    method="POST", url="https://as.example/token", form=(("grant_type", "client_credentials"),), headers=(("A", "b"),)
)
REFERENCE = Reference(EnvSource("CLIENT_SECRET"))


def client(auth_method: AuthMethod | None, **members: Any) -> Profile:
    return service(
        client=Client(**{"id": "reports", "secret": Secret("canary"), "auth_method": auth_method, **members})
    )


def basic(request: HttpRequest) -> str:
    """Return what the Authorization header carries, decoded from base64 and nothing more."""
    ((_, value),) = [header for header in request.headers if header[0] == "Authorization"]
    assert isinstance(value, Secret), "the header must not be seen"
    scheme, _, credentials = value.reveal().partition(" ")
    assert scheme == "Basic"
    return base64.b64decode(credentials, validate=True).decode("ascii")


@pytest.mark.parametrize(
    ("client_id", "secret", "pair"),
    [
        ("reports", "plain", "reports:plain"),
        ("a:b", "c:d", "a%3Ab:c%3Ad"),
        ("a%b", "c%d", "a%25b:c%25d"),
        ("a+b", "c+d", "a%2Bb:c%2Bd"),
        ("é", "é", "%C3%A9:%C3%A9"),
        ("a b", "c d", "a+b:c+d"),
        (":%+é &=/?", ":%+é &=/?", "%3A%25%2B%C3%A9+%26%3D%2F%3F:%3A%25%2B%C3%A9+%26%3D%2F%3F"),
        ("a-._~", "", "a-._~:"),
    ],
)
def test_client_secret_basic_form_encodes_id_and_secret_before_base64_r6749_03(
    client_id: str, secret: str, pair: str
) -> None:
    profile = client("client_secret_basic", id=client_id, secret=Secret(secret))
    sent = walk(authenticated(REQUEST, profile, SERVER))
    assert basic(sent) == pair
    assert [unquote_plus(part) for part in basic(sent).split(":")] == [client_id, secret]


@pytest.mark.parametrize(
    ("method", "headers", "form"),
    [
        ("none", ["A"], {"grant_type": "client_credentials", "client_id": "reports"}),
        ("client_secret_basic", ["A", "Authorization"], {"grant_type": "client_credentials"}),
        (
            "client_secret_post",
            ["A"],
            {"grant_type": "client_credentials", "client_id": "reports", "client_secret": Secret("canary")},
        ),
    ],
)
def test_a_client_authenticates_by_one_method_alone_and_never_in_the_address_r6749_04_r6749_05(
    method: AuthMethod, headers: list[str], form: dict[str, object]
) -> None:
    sent = walk(authenticated(REQUEST, client(method), SERVER))
    assert [name for name, _ in sent.headers] == headers
    assert sent.form is not None
    assert dict(sent.form) == form
    assert len(sent.form) == len(form)
    assert sent.url == REQUEST.url
    assert "canary" not in f"{sent} {sent!r}"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_whatever_was_sent_must_not_be_seen_in_what_comes_back_f_120(method: AuthMethod) -> None:
    sent = walk(authenticated(REQUEST, client(method), SERVER))
    header = base64.b64encode(b"reports:canary").decode().rstrip("=")
    left = scrub(f"canary, Basic {header}", sent.secrets)
    assert "canary" not in left
    assert method != "client_secret_basic" or header not in left


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_secret_that_stands_elsewhere_is_read_when_it_is_needed(method: AuthMethod) -> None:
    flow = authenticated(REQUEST, client(method, secret=REFERENCE), SERVER)
    assert Secret("from-env") in walk(flow, (Resolve(REFERENCE), Secret("from-env"))).secrets


def test_a_secret_that_cannot_be_read_ends_it() -> None:
    flow = authenticated(REQUEST, client("client_secret_basic", secret=REFERENCE), SERVER)
    with pytest.raises(SecretError, match="CLIENT_SECRET is not set"):
        walk(flow, (Resolve(REFERENCE), SecretError("CLIENT_SECRET is not set")))


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_method_without_its_secret_is_the_profiles_mistake(method: AuthMethod) -> None:
    profile = service(client=Client(id="reports", auth_method=method), places=(Place("reports.yaml", 4, 3, "client"),))
    with pytest.raises(ProfileError) as caught:
        walk(authenticated(REQUEST, profile, SERVER))
    (problem,) = caught.value.problems
    assert str(problem) == ("reports.yaml:4:3: client.secret: is missing; write `secret: {env: CLIENT_SECRET}`")


def test_a_public_client_without_an_id_sends_none() -> None:
    sent = walk(authenticated(REQUEST, service(client=Client()), SERVER))
    assert sent == REQUEST


@pytest.mark.parametrize(
    ("asked", "secret", "listed", "chosen"),
    [
        pytest.param("client_secret_post", True, ("client_secret_basic",), "client_secret_post", id="the profile's"),
        pytest.param("none", True, None, "none", id="the profile's, though it holds a secret"),
        pytest.param(None, False, ("client_secret_basic",), "none", id="a public client"),
        pytest.param(None, True, None, "client_secret_basic", id="nothing listed (RFC 8414 section 2)"),
        pytest.param(None, True, (), "client_secret_basic", id="an empty list"),
        pytest.param(None, True, ("client_secret_post", "client_secret_basic"), "client_secret_basic", id="both"),
        pytest.param(None, True, ("private_key_jwt", "client_secret_post"), "client_secret_post", id="post alone"),
        pytest.param(None, True, ("private_key_jwt",), "client_secret_basic", id="none that is held"),
    ],
)
def test_the_method_is_the_profiles_or_the_best_that_both_have(
    asked: AuthMethod | None, secret: bool, listed: tuple[str, ...] | None, chosen: str
) -> None:
    profile = client(asked, secret=Secret("canary") if secret else None)
    assert auth_method(profile, ServerMetadata(token_endpoint_auth_methods_supported=listed)) == chosen
    assert chosen in AUTH_METHODS


def test_a_secret_that_is_written_out_needs_nothing_of_the_world() -> None:
    assert walk(revealed(Secret("s"))) == Secret("s")
