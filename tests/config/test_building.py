from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from config.texts import SERVICE, built

from tokenflow.config.building import stem
from tokenflow.config.interpretation import interpret
from tokenflow.config.reading import read
from tokenflow.errors import SecretError
from tokenflow.metadata import ServerMetadata
from tokenflow.profile import (
    Assertion,
    Authorization,
    Client,
    CommandSource,
    DeliveryTarget,
    EnvSource,
    FileSource,
    ForeignToken,
    HttpOptions,
    Place,
    Profile,
    Reference,
    RefreshPolicy,
    RetryPolicy,
    StoreChoice,
    TokenRequest,
    User,
    VerifyPolicy,
)
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from tokenflow.config.references import Resolve

ROOT = Path(__file__).resolve().parents[2]
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))

EVERYTHING = """\
version: 1
name: reports
description: Nightly
app_type: service
flow: token_exchange
issuer: https://as.example
metadata:
  token_endpoint: https://as.example/t
  grant_types_supported: [client_credentials]
  require_pushed_authorization_requests: true
  mtls_endpoint_aliases: {token_endpoint: https://mtls.as.example/t}
  prompt_values_supported: [none]
client:
  id: a
  secret: hunter2
  auth_method: client_secret_post
  private_key: {file: key.pem}
  private_key_passphrase: {env: PASSPHRASE}
  key_id: k
  algorithm: ES256
  certificate: cert.pem
  assertion_audience: token_endpoint
user: {name: u, password: {env: PASSWORD}}
scopes: a  b a
audience: https://api.example
resource: [https://r1.example, https://r2.example]
send_to: https://api.example
redirect_uri: http://localhost/cb
post_logout_redirect_uri: http://localhost/out
authorization:
  response_type: code id_token
  response_mode: form_post
  prompt: login
  login_hint: jane
  max_age: 1h
  acr_values: "tenant:x"
  ui_locales: de
  par: true
  request_object: true
  details: [{type: t, n: 1}]
  binding_message: m
  timeout: 90
  extra: {x: y}
token: {grant_type: "urn:x", response: form, extra: {x: {env: X}}}
refresh_token: {command: [rt]}
subject_token: {profile: login.yaml, type: access_token}
actor_token: {ambient: gitlab}
requested_token_type: jwt
assertion: {file: a.jwt, issuer: i, subject: s, audience: d, lifetime: 5m, claims: {c: [1, x]}}
dpop: true
refresh:
  before_expiry: 10m
  min_validity: 30
  on_rejected: fail
  assume_lifetime: 1h
  retry: {attempts: 2, first_delay: 1s, max_delay: 2s, deadline: 3s}
verify: {access_token: jwt, audience: x, required_scopes: a b, clock_skew: 1s, algorithms: [ES256]}
store: {kind: redis, url: {env: REDIS_URL}, key: {env: KEY}, prefix: "p:", service: s, path: tokens}
http: {timeout: 5s, proxy: http://proxy.example, ca_bundle: ca.pem}
deliver:
  - {to: file, path: out, format: json, mode: "0640", timeout: 5s}
  - {to: command, run: [systemctl, reload, x]}
  - {to: kubernetes, kubernetes: {namespace: n}}
"""


def test_everything_that_can_be_written_reaches_the_profile() -> None:
    assert built(EVERYTHING, file="/d/p.yaml") == Profile(
        version=1,
        name="reports",
        description="Nightly",
        app_type="service",
        flow="token_exchange",
        issuer="https://as.example",
        metadata=ServerMetadata(
            token_endpoint="https://as.example/t",
            grant_types_supported=("client_credentials",),
            require_pushed_authorization_requests=True,
            mtls_endpoint_aliases=(("token_endpoint", "https://mtls.as.example/t"),),
        ),
        client=Client(
            id="a",
            secret=Secret("hunter2"),
            auth_method="client_secret_post",
            private_key=Reference(FileSource("/d/key.pem")),
            private_key_passphrase=Reference(EnvSource("PASSPHRASE")),
            key_id="k",
            algorithm="ES256",
            certificate="/d/cert.pem",
            assertion_audience="token_endpoint",
        ),
        user=User(name="u", password=Reference(EnvSource("PASSWORD"))),
        scopes=("a", "b"),
        audience=("https://api.example",),
        resource=("https://r1.example", "https://r2.example"),
        send_to=("https://api.example",),
        redirect_uri="http://localhost/cb",
        post_logout_redirect_uri="http://localhost/out",
        authorization=Authorization(
            response_type="code id_token",
            response_mode="form_post",
            prompt="login",
            login_hint="jane",
            max_age=3600.0,
            acr_values="tenant:x",
            ui_locales="de",
            par=True,
            request_object=True,
            details=({"type": "t", "n": 1},),
            binding_message="m",
            timeout=90.0,
            extra=(("x", Secret("y")),),
        ),
        token=TokenRequest(grant_type="urn:x", response="form", extra=(("x", Reference(EnvSource("X"))),)),
        refresh_token=Reference(CommandSource(("rt",))),
        subject_token=ForeignToken(profile="/d/login.yaml", type="access_token"),
        actor_token=ForeignToken(ambient="gitlab"),
        requested_token_type="jwt",
        assertion=Assertion(
            source=Reference(FileSource("/d/a.jwt")),
            issuer="i",
            subject="s",
            audience="d",
            lifetime=300.0,
            claims={"c": [1, "x"]},
        ),
        dpop=True,
        refresh=RefreshPolicy(
            before_expiry=600.0,
            min_validity=30.0,
            on_rejected="fail",
            assume_lifetime=3600.0,
            retry=RetryPolicy(attempts=2, first_delay=1.0, max_delay=2.0, deadline=3.0),
        ),
        verify=VerifyPolicy(
            access_token="jwt", audience=("x",), required_scopes=("a", "b"), clock_skew=1.0, algorithms=("ES256",)
        ),
        store=StoreChoice(
            kind="redis",
            path="/d/tokens",
            url=Reference(EnvSource("REDIS_URL")),
            key=Reference(EnvSource("KEY")),
            prefix="p:",
            service="s",
        ),
        http=HttpOptions(timeout=5.0, proxy=Secret("http://proxy.example"), ca_bundle="/d/ca.pem"),
        deliver=(
            DeliveryTarget(to="file", path="/d/out", format="json", mode="0640", timeout=5.0),
            DeliveryTarget(to="command", run=("systemctl", "reload", "x")),
            DeliveryTarget(to="kubernetes", options=(("kubernetes", {"namespace": "n"}),)),
        ),
    )


def test_what_is_not_written_keeps_its_default() -> None:
    assert built(SERVICE) == Profile(
        app_type="service",
        name="p",
        flow="client_credentials",
        issuer="https://as.example",
        client=Client(id="a", secret=Reference(EnvSource("S"))),
    )
    empty = built(SERVICE + "user: {}\nauthorization: {}\ntoken: {}\nrefresh: {retry: {}}\nverify: {}\nhttp: {}\n")
    assert empty == Profile(
        app_type="service",
        name="p",
        issuer="https://as.example",
        client=Client(id="a", secret=Reference(EnvSource("S"))),
        user=User(),
    )


@pytest.mark.parametrize(
    ("line", "attribute", "value"),
    [
        ("store: memory", "store", StoreChoice(kind="memory")),
        ("scopes: [a b, c, a]", "scopes", ("a", "b", "c")),
        ("scopes: a b\tc", "scopes", ("a", "b", "c")),
        ("audience: a b", "audience", ("a b",)),
        ("authorization: {par: auto}", "authorization", Authorization()),
        ("authorization: {par: false}", "authorization", Authorization(par=False)),
        ("deliver: [{to: file, path: /run/x}]", "deliver", (DeliveryTarget(to="file", path="/run/x"),)),
        ("deliver: []", "deliver", ()),
        ("http: {timeout: 500ms}", "http", HttpOptions(timeout=0.5)),
        ("assertion: {command: [a, b]}", "assertion", Assertion(source=Reference(CommandSource(("a", "b"))))),
        ("assertion: {profile: x.yaml}", "assertion", Assertion(profile=os.path.abspath("x.yaml"))),
        ("assertion: {ambient: auto}", "assertion", Assertion(ambient="auto")),
    ],
)
def test_every_way_of_writing_a_value_comes_to_the_same(line: str, attribute: str, value: object) -> None:
    assert getattr(built(f"{SERVICE}{line}\n"), attribute) == value


def test_a_certificate_may_be_written_out_or_come_by_reference() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"
    written = SERVICE.replace("id: a,", 'id: a, certificate: "-----BEGIN CERTIFICATE-----",')
    assert built(written, file="/d/p.yaml").client.certificate == "-----BEGIN CERTIFICATE-----"
    referred = SERVICE.replace("id: a,", "id: a, certificate: {file: cert.pem},")
    assert built(referred, file="/d/p.yaml", values={"{file: /d/cert.pem}": pem}).client.certificate == pem


def test_the_profile_knows_where_everything_stands() -> None:
    profile = built(SERVICE + "deliver:\n  - {to: file, path: x}\n", file="/d/p.yaml")
    assert profile.place("deliver[0].path") == Place("/d/p.yaml", 6, 22, "deliver[0].path")
    assert profile.place("client.id") == Place("/d/p.yaml", 4, 14, "client.id")
    assert profile.says("client.id")
    assert not profile.says("client.key_id")


@pytest.mark.parametrize(
    ("file", "name"), [("/d/a.yaml", "a"), ("a.b.yml", "a.b"), ("a", "a"), (".hidden", ".hidden"), ("/x/y.z/a", "a")]
)
def test_a_profile_without_a_name_has_its_files(file: str, name: str) -> None:
    assert stem(file) == name


def refuse(said: list[Any]) -> Resolve:
    def resolve(reference: object) -> str:
        said.append(reference)
        raise SecretError("nothing is resolved here")

    return resolve


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_profile_in_the_folder_is_interpreted_without_an_error_and_without_resolving(path: Path) -> None:
    asked: list[Any] = []
    interpretation = interpret(read(path), resolve=refuse(asked), unresolved="warning")
    assert asked == []
    assert interpretation.errors == ()
    assert interpretation.profile is not None
    assert interpretation.name == interpretation.profile.name == path.stem
    # Both profiles say in their own comments what is unwise about them.
    expected = {"itwin-mobile": ["private-use-scheme-has-a-dot"], "itwin-agent": ["flow-is-not-legacy"]}
    assert [problem.rule for problem in interpretation.problems] == expected.get(path.stem, [])
