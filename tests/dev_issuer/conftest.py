"""Drive a development issuer over loopback: `api` is a client program, `person` a browser with its user."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt
import pytest

from tokenflow.dev_issuer import DevClient, DevIssuer
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

WEB_CALLBACK = "http://localhost:3000/signin-callback"
VERIFIER = "correct-horse-battery-staple-correct-horse-battery-staple"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()

EXTRA_CLIENTS = (
    DevClient(
        client_id="opaque", secret=Secret("s"), grant_types=("client_credentials",), access_token_format="opaque"
    ),
    DevClient(
        client_id="short-es256",
        secret=Secret("s"),
        grant_types=("client_credentials",),
        access_token_alg="ES256",
        access_token_lifetime=7,
    ),
    DevClient(client_id="odd:id %+é ", secret=Secret("odd:secret %+é "), grant_types=("client_credentials",)),
    DevClient(
        client_id="post-only",
        secret=Secret("s"),
        token_endpoint_auth_methods=("client_secret_post",),
        grant_types=("client_credentials",),
    ),
    DevClient(
        client_id="confidential-web",
        secret=Secret("s"),
        grant_types=("authorization_code", "refresh_token"),
        response_types=("code", "token"),
        redirect_uris=("https://app.example/cb?tenant=1",),
    ),
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[DevIssuer]:
    with DevIssuer(extra_clients=EXTRA_CLIENTS) as running:
        yield running


@dataclass
class Answer:
    """An authorization answer: where it went, in which mode, with what."""

    uri: str
    mode: str
    parameters: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    @classmethod
    def of(cls, response: httpx.Response) -> Answer:
        if response.status_code == 200:
            action = re.search(r'<form method="post" action="([^"]*)"', response.text)
            assert action, response.text
            return cls(html.unescape(action[1]), "form_post", hidden_fields(response.text))
        assert response.status_code == 303, response.text
        parts = urlsplit(response.headers["location"])
        mode = "fragment" if parts.fragment else "query"
        pairs = parse_qsl(parts.fragment or parts.query, strict_parsing=True)
        return cls(parts._replace(query="", fragment="").geturl(), mode, dict(pairs))


def hidden_fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


@dataclass
class Api:
    """A program that calls the issuer's endpoints."""

    url: str
    http: httpx.Client

    def token(self, grant_type: str, *, auth: Any = None, **parameters: Any) -> httpx.Response:
        return self.http.post(f"{self.url}/token", data={"grant_type": grant_type, **parameters}, auth=auth)

    def service(self, **parameters: Any) -> httpx.Response:
        return self.token("client_credentials", auth=("service-quickstart", "quickstart-secret"), **parameters)

    def agent(self, **parameters: Any) -> httpx.Response:
        named = {"username": "svc@example.com", "password": "svc-password"} | parameters
        return self.token("password", auth=("agent-quickstart", "agent-secret"), **named)

    def redeem(self, code: str, client_id: str = "web-quickstart", **parameters: Any) -> httpx.Response:
        given = {"redirect_uri": WEB_CALLBACK, "code_verifier": VERIFIER} | parameters
        return self.token("authorization_code", client_id=client_id, code=code, **given)

    def refresh(self, refresh_token: str, client_id: str = "native-quickstart", **parameters: Any) -> httpx.Response:
        return self.token("refresh_token", client_id=client_id, refresh_token=refresh_token, **parameters)

    def introspect(self, token: str) -> dict[str, Any]:
        auth = ("service-quickstart", "quickstart-secret")
        response = self.http.post(f"{self.url}/introspect", data={"token": token}, auth=auth)
        assert response.status_code == 200, response.text
        claims: dict[str, Any] = response.json()
        return claims

    def key(self, token: str) -> jwt.PyJWK:
        keys = jwt.PyJWKSet.from_dict(self.http.get(f"{self.url}/jwks").json())
        return keys[jwt.get_unverified_header(token)["kid"]]

    def verified(self, token: str, audience: str, typ: str = "at+jwt") -> dict[str, Any]:
        """Verify by PyJWT, with the published keys alone."""
        assert jwt.get_unverified_header(token)["typ"] == typ
        claims: dict[str, Any] = jwt.decode(
            token, self.key(token), algorithms=["RS256", "ES256"], audience=audience, issuer=self.url
        )
        return claims


@pytest.fixture
def api(issuer: DevIssuer) -> Iterator[Api]:
    with httpx.Client(trust_env=False) as http:
        yield Api(issuer.url, http)


@dataclass
class Person:
    """A browser, and who uses it."""

    url: str
    http: httpx.Client
    name: str = "alice"
    last_page: httpx.Response | None = field(default=None, repr=False)

    def request(self, **changes: str | None) -> dict[str, str]:
        parameters = {
            "client_id": "web-quickstart",
            "response_type": "code",
            "redirect_uri": WEB_CALLBACK,
            "scope": "openid itwin-platform",
            "state": "some state",
            "nonce": "some nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        return {name: value for name, value in parameters.items() if value is not None}

    def open(self, **changes: str | None) -> httpx.Response:
        self.last_page = self.http.get(f"{self.url}/authorize", params=self.request(**changes))
        return self.last_page

    def submit(self, page: httpx.Response, decision: str = "allow", **typed: str) -> httpx.Response:
        """Post the page's form as a browser would: its own values, but for what is typed."""
        action = re.search(r'<form method="post" action="([^"]*)"', page.text)
        assert action, page.text
        shown = re.findall(r'<input id="([^"]*)" name="[^"]*" type="[^"]*" value="([^"]*)"', page.text)
        fields = hidden_fields(page.text) | {name: html.unescape(value) for name, value in shown}
        target = str(page.url.join(html.unescape(action[1])))
        return self.http.post(target, data=fields | {"decision": decision} | typed)

    def sign_in(self, decision: str = "allow", **changes: str | None) -> Answer:
        page = self.open(**changes)
        assert page.status_code == 200, page.text
        typed = {"username": self.name, "password": f"{self.name}-password"}
        return Answer.of(self.submit(page, decision, **typed))

    def answer(self, **changes: str | None) -> Answer:
        """Open an authorization request that needs nobody."""
        return Answer.of(self.open(**changes))


@pytest.fixture
def person(issuer: DevIssuer) -> Iterator[Person]:
    with httpx.Client(trust_env=False) as http:
        yield Person(issuer.url, http)


@pytest.fixture
def half_hash() -> Any:
    def half(value: str) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()

    return half


@pytest.fixture
def odd_basic() -> str:
    """Basic credentials as RFC 6749, section 2.3.1 has them: form-encoded first, a blank as a plus."""
    pair = ":".join(urlencode({"": part})[1:] for part in ("odd:id %+é ", "odd:secret %+é "))
    assert "+" in pair
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.fixture
def peek() -> Any:
    def claims(token: str) -> dict[str, Any]:
        body = token.split(".")[1]
        decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return decoded

    return claims
