"""The fixture, not tokenflow: the server does what the other tests take for granted."""

from __future__ import annotations

import ssl
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import httpx
import jwt
import pytest
from interop.oidc_provider import SeenRequest, client_secret, run_oidc_provider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from interop.node import Node
    from interop.oidc_provider import OidcProvider, StartOidcProvider


CIBA: Final = "urn:openid:params:grant-type:ciba"
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type"


@pytest.fixture
def http(oidc_provider: OidcProvider) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=oidc_provider.issuer, trust_env=False) as client:
        yield client


def ask(http: httpx.Client, client_id: str, **parameters: str) -> httpx.Response:
    return http.post("/token", data=parameters, auth=(client_id, client_secret(client_id)))


def claims_of(http: httpx.Client, token: str, *, algorithm: str, audience: str) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["alg"]) == ("at+jwt", algorithm)
    key = jwt.PyJWKSet.from_dict(http.get("/jwks").json())[header["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], audience=audience)
    return claims


def mutual_tls(keys: Path, certificate: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=keys / "ca.pem")
    context.load_cert_chain(keys / f"{certificate}.pem", keys / f"{certificate}.key")
    return context


def test_discovery_names_the_issuer_and_both_listeners(oidc_provider: OidcProvider, http: httpx.Client) -> None:
    metadata = http.get("/.well-known/openid-configuration").json()
    assert metadata["issuer"] == oidc_provider.issuer
    assert metadata["token_endpoint"] == f"{oidc_provider.issuer}/token"
    assert metadata["mtls_endpoint_aliases"]["token_endpoint"] == f"{oidc_provider.mtls_issuer}/token"


def test_all_keys_are_published_and_no_private_part(http: httpx.Client) -> None:
    published = {key["kid"]: key for key in http.get("/jwks").json()["keys"]}
    assert {kid: key["alg"] for kid, key in published.items()} == {
        "op-rs256": "RS256",
        "op-ps256": "PS256",
        "op-es256": "ES256",
        "op-eddsa": "Ed25519",
    }
    assert not any("d" in key for key in published.values())


def test_client_credentials_without_a_resource_give_an_opaque_token(http: httpx.Client) -> None:
    answer = ask(http, "machine", grant_type="client_credentials")
    assert answer.status_code == 200
    assert answer.json().items() >= {"token_type": "Bearer", "expires_in": 300}.items()
    assert "." not in answer.json()["access_token"]
    assert "refresh_token" not in answer.json()


@pytest.mark.parametrize(("resource", "algorithm"), [("urn:api:jwt", "RS256"), ("urn:api:es256", "ES256")])
def test_a_resource_decides_how_its_tokens_are_signed(
    oidc_provider: OidcProvider, http: httpx.Client, resource: str, algorithm: str
) -> None:
    answer = ask(http, "machine", grant_type="client_credentials", resource=resource, scope="api:read").json()
    claims = claims_of(http, answer["access_token"], algorithm=algorithm, audience=resource)
    assert claims["iss"] == oidc_provider.issuer
    assert (claims["client_id"], claims["scope"]) == ("machine", "api:read")
    assert claims["exp"] - claims["iat"] == 300


def test_a_wrong_secret_is_refused(http: httpx.Client) -> None:
    answer = http.post("/token", data={"grant_type": "client_credentials"}, auth=("machine", "wrong"))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_refresh_tokens_rotate_and_an_old_one_is_refused(http: httpx.Client) -> None:
    first = ask(
        http, "ropc", grant_type="password", username="alice", password="alice-pw", scope="openid offline_access"
    ).json()
    assert "id_token" in first
    second = ask(http, "ropc", grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    replayed = ask(http, "ropc", grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")


def test_the_server_remembers_its_requests_until_told_otherwise(
    oidc_provider: OidcProvider, http: httpx.Client
) -> None:
    oidc_provider.reset_requests()
    http.get("/jwks?query=is-not-kept")
    ask(http, "machine", grant_type="client_credentials")
    assert oidc_provider.requests() == [
        SeenRequest(method="GET", path="/jwks", content_type=None, authorization_scheme=None),
        SeenRequest(
            method="POST",
            path="/token",
            content_type="application/x-www-form-urlencoded",
            authorization_scheme="Basic",
        ),
    ]
    oidc_provider.reset_requests()
    assert oidc_provider.requests() == []


@pytest.mark.parametrize(("client_id", "certificate"), [("mtls", "client"), ("mtls-self", "selfsigned")])
def test_mutual_tls_binds_the_token_to_the_certificate(
    oidc_provider: OidcProvider, http: httpx.Client, client_id: str, certificate: str
) -> None:
    keys = oidc_provider.keys
    form = {"grant_type": "client_credentials", "client_id": client_id, "resource": "urn:api:jwt"}
    verify = mutual_tls(keys, certificate)
    answer = httpx.post(f"{oidc_provider.mtls_issuer}/token", data=form, verify=verify, trust_env=False)
    claims = claims_of(http, answer.json()["access_token"], algorithm="RS256", audience="urn:api:jwt")
    der = ssl.PEM_cert_to_DER_cert((keys / f"{certificate}.pem").read_text())
    thumbprint = urlsafe_b64encode(sha256(der).digest()).rstrip(b"=").decode()
    assert claims["cnf"] == {"x5t#S256": thumbprint}


def test_mutual_tls_with_the_certificate_of_another_is_refused(oidc_provider: OidcProvider) -> None:
    form = {"grant_type": "client_credentials", "client_id": "mtls"}
    verify = mutual_tls(oidc_provider.keys, "other-client")
    answer = httpx.post(f"{oidc_provider.mtls_issuer}/token", data=form, verify=verify, trust_env=False)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def sign_assertion(oidc_provider: OidcProvider, subject: str) -> str:
    claims = {
        "iss": "https://assertion-issuer.test",
        "sub": subject,
        "aud": oidc_provider.issuer,
        "exp": int(time.time()) + 60,
    }
    key = (oidc_provider.keys / "assertion-issuer.private.pem").read_text()
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "assertion-issuer"})


@pytest.mark.parametrize(("subject", "status"), [("alice", 200), ("mallory", 400)])
def test_an_assertion_of_the_trusted_issuer_is_good_for_its_users(
    oidc_provider: OidcProvider, http: httpx.Client, subject: str, status: int
) -> None:
    assertion = sign_assertion(oidc_provider, subject)
    assert ask(http, "jwtbearer", grant_type=JWT_BEARER, assertion=assertion).status_code == status


def test_exchanged_tokens_name_subject_and_actor(http: httpx.Client) -> None:
    user = {"grant_type": "password", "scope": "openid"}
    alice = ask(http, "ropc", **user, username="alice", password="alice-pw").json()
    bob = ask(http, "ropc", **user, username="bob", password="bob-pw").json()
    answer = ask(
        http,
        "exchange",
        grant_type=TOKEN_EXCHANGE,
        subject_token=alice["access_token"],
        subject_token_type=f"{TOKEN_TYPE}:access_token",
        actor_token=bob["id_token"],
        actor_token_type=f"{TOKEN_TYPE}:id_token",
        audience="urn:api:jwt",
        scope="api:read",
    ).json()
    assert answer["issued_token_type"] == f"{TOKEN_TYPE}:access_token"
    claims = claims_of(http, answer["access_token"], algorithm="RS256", audience="urn:api:jwt")
    assert (claims["sub"], claims["act"]) == ("alice", {"sub": "bob"})


@pytest.mark.parametrize(("approve", "expected"), [(True, None), (False, "access_denied")])
def test_the_user_of_a_ciba_request_answers_when_told(
    start_oidc_provider: StartOidcProvider, *, approve: bool, expected: str | None
) -> None:
    provider = start_oidc_provider(CIBA_DELAY=-1)
    with httpx.Client(base_url=provider.issuer, trust_env=False) as http:
        form = {"scope": "openid", "login_hint": "alice"}
        begun = http.post("/backchannel", data=form, auth=("ciba", client_secret("ciba"))).json()["auth_req_id"]
        assert ask(http, "ciba", grant_type=CIBA, auth_req_id=begun).json()["error"] == "authorization_pending"
        provider.answer_ciba(begun, approve=approve)
        assert ask(http, "ciba", grant_type=CIBA, auth_req_id=begun).json().get("error") == expected


def test_settings_reach_a_server_of_its_own(
    start_oidc_provider: StartOidcProvider, oidc_provider: OidcProvider
) -> None:
    short = start_oidc_provider(TTL=5)
    assert short is start_oidc_provider(TTL=5)
    assert short.issuer != oidc_provider.issuer
    with httpx.Client(base_url=short.issuer, trust_env=False) as http:
        assert ask(http, "machine", grant_type="client_credentials").json()["expires_in"] == 5


def test_an_unknown_setting_is_a_mistake(start_oidc_provider: StartOidcProvider) -> None:
    with pytest.raises(TypeError, match="TLL"):
        start_oidc_provider(TLL=5)  # type: ignore[call-arg]


def test_a_server_that_cannot_start_says_why(node_with_oidc_provider: Node, tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"op-rs256\.private\.jwk"),
        run_oidc_provider(node_with_oidc_provider, tmp_path),
    ):
        pass


def test_private_keys_are_for_their_owner_alone(interop_keys: Path) -> None:
    private = [*interop_keys.glob("*.private.*"), *interop_keys.glob("*.key")]
    assert len(private) == 2 * 9 + 5
    assert {oct(path.stat().st_mode & 0o777) for path in private} == {"0o600"}
