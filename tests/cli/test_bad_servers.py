"""Servers that are away, refuse, lie or garble: one clear message, the exit status of SPEC's table, nothing changed."""

from __future__ import annotations

import base64
import json
import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from cli.command import Tokenflow, assert_clean, assert_succeeded, side_by_side
from cryptography.hazmat.primitives.asymmetric import ec
from support.fake_server import CLOSE, OAUTH_METADATA, OPENID_CONFIGURATION, Answer, FakeServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cli.command import Done

GOOD: Mapping[str, Any] = {"access_token": "at-good", "token_type": "Bearer", "expires_in": 3600}


def assert_one_error(done: Done, status: int, *says: str) -> None:
    """It ended as it should, with one line of error that says all of this."""
    assert_clean(done)
    assert done.status == status, done.stderr
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    assert len(errors) == 1, done.stderr
    for wanted in says:
        assert re.search(wanted, done.stderr, re.IGNORECASE), f"{wanted!r} is not in: {done.stderr}"


def test_an_unreachable_issuer(with_store: Tokenflow, closed_port: int) -> None:
    before = with_store.stored()
    done = with_store("token", with_store.profile(f"http://127.0.0.1:{closed_port}"))
    assert_one_error(done, 5, f"127.0.0.1:{closed_port}", "refused|reach", "check|try again")
    assert with_store.stored() == before


@dataclass(frozen=True)
class Fault:
    """Answers in a row for one path, and how the command has to end."""

    answers: tuple[Answer, ...]
    status: int
    says: tuple[str, ...] = ()


def _bad_token(**changes: object) -> Answer:
    return Answer.json({k: v for k, v in (GOOD | changes).items() if v is not None})


def _text(body: str, kind: str = "application/json") -> Answer:
    return Answer(headers={"Content-Type": kind}, body=body.encode())


AT_THE_TOKEN_ENDPOINT: Mapping[str, Fault] = {
    "f-012 a captive portal's page": Fault((Answer.html(),), 1, ("HTML|JSON",)),
    "f-020 500 with a page, every time": Fault((Answer.html(500),) * 2, 5, ("500",)),
    "f-021 429 for longer than the deadline": Fault(
        (Answer(status=429, headers={"Retry-After": "3000"}),), 5, (r"3000|50 ?m|\d\d:\d\d",)
    ),
    "f-022 200 with an error": Fault((Answer.error("invalid_scope", status=200),), 1, ("invalid_scope",)),
    "f-023 400 with a page": Fault((Answer.html(400),), 1, ("400",)),
    "f-032 204": Fault((Answer(status=204, headers={"Content-Length": "0"}),), 1, ("204",)),
    "f-033 garbage for a status line": Fault((Answer(raw=b"\x16\x03\x01\x02\x00rubbish\r\n\r\n"),) * 2, 5),
    "f-031 a member twice": Fault(
        (_text('{"access_token":"one","access_token":"two","token_type":"Bearer"}'),),
        1,
        ("twice|duplicate|access_token",),
    ),
    "f-031 nesting without end": Fault((_text("[" * 100_000),), 1, ("JSON",)),
    "f-028 utf-16": Fault(
        (Answer(headers={"Content-Type": "application/json"}, body=json.dumps(GOOD).encode("utf-16")),), 1, ("UTF-8",)
    ),
    "f-046 the grant is not served": Fault(
        (Answer.error("unsupported_grant_type"),), 1, ("unsupported_grant_type", "client_credentials")
    ),
    "r6749-14 a scope is refused, with a description": Fault(
        (Answer.error("invalid_scope", error_description="no such scope: write"),),
        1,
        ("invalid_scope", "no such scope: write"),
    ),
    "f-040 an error that is no string": Fault((Answer.json({"error": {"code": 7}}, status=400),), 1, ("400|error",)),
    "r6749-07 no access token": Fault((_bad_token(access_token=None),), 1, ("access_token",)),
    "r6749-07 no token type": Fault((_bad_token(token_type=None),), 1, ("token_type",)),
    "r6749-08 f-052 a token type that is not known": Fault((_bad_token(token_type="mac"),), 1, ("token_type|mac",)),
    "f-048 an empty token": Fault((_bad_token(access_token=""),), 1, ("access_token",)),
    "f-048 a token with a line break": Fault((_bad_token(access_token="a\r\nX-Evil: 1"),), 1, ("access_token",)),
    "f-007 the request taken, then a closed connection": Fault((CLOSE,) * 2, 5, ("closed|reset|disconnect|answer",)),
    "f-008 a body cut short": Fault(
        (Answer(headers={"Content-Type": "application/json"}, body=b'{"access', declared_length=99),) * 2, 5
    ),
    "f-029 a body without end": Fault(
        (Answer(headers={"Content-Type": "application/json"}, body=b" " * 65536, copies=1024),), 1, ("MiB|large|long",)
    ),
    "f-030 a header without end": Fault((Answer.json(GOOD, headers={"X": "y" * 2_000_000}),) * 2, 5),
}


AT_DISCOVERY: Mapping[str, Fault] = {
    "html where json should be": Fault((Answer.html(),), 1, ("HTML|JSON",)),
    "r8414-01 f-110 another issuer": Fault(
        (Answer.json({"issuer": "https://evil.example", "token_endpoint": "https://evil.example/token"}),),
        6,
        (r"https://evil\.example", "issuer"),
    ),
    "f-110 a token endpoint on plain http elsewhere": Fault(
        (Answer.json({"issuer": "ISSUER", "token_endpoint": "http://192.0.2.1/token"}),), 1, ("token_endpoint|http:",)
    ),
    "f-110 a token endpoint that is a file": Fault(
        (Answer.json({"issuer": "ISSUER", "token_endpoint": "file:///etc/passwd"}),), 1, ("token_endpoint|file:",)
    ),
    "f-119 metadata without end": Fault(
        (Answer(headers={"Content-Type": "application/json"}, body=b" " * 65536, copies=1024),), 1, ("MiB|large|long",)
    ),
    "f-020 500, every time": Fault((Answer.html(500), Answer.html(500)), 5, ("500",)),
}


@dataclass(frozen=True)
class Outcome:
    """What came of one fault."""

    done: Done
    host: str
    token_requests: int
    store_untouched: bool
    complaint: str


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, filled_home: Path) -> Mapping[str, Outcome]:
    """Try all faults of both tables side by side, each against a server of its own: starting Python takes the time."""

    def outcome(path: str, fault: Fault) -> Outcome:
        tokenflow = Tokenflow(tmp_path_factory.mktemp("fault"))
        shutil.copytree(filled_home, tokenflow.home)
        before = tokenflow.stored()
        server = FakeServer()
        with suppress(AssertionError), server:
            server.script(path, *(_of(answer, server) for answer in fault.answers))
            done = tokenflow("token", tokenflow.profile(server.url))
        try:
            server.check()
            complaint = ""
        except AssertionError as error:
            complaint = str(error)
        return Outcome(done, server.host, len(server.token_requests), tokenflow.stored() == before, complaint)

    return side_by_side(
        {what: partial(outcome, "/token", fault) for what, fault in AT_THE_TOKEN_ENDPOINT.items()}
        | {what: partial(outcome, OPENID_CONFIGURATION, fault) for what, fault in AT_DISCOVERY.items()}
    )


def _of(answer: Answer, server: FakeServer) -> Answer:
    return replace(answer, body=answer.body.replace(b"ISSUER", server.url.encode()))


@pytest.mark.parametrize("what", AT_THE_TOKEN_ENDPOINT)
def test_at_the_token_endpoint(outcomes: Mapping[str, Outcome], what: str) -> None:
    fault, outcome = AT_THE_TOKEN_ENDPOINT[what], outcomes[what]
    assert_one_error(outcome.done, fault.status, *fault.says)
    assert outcome.host in outcome.done.stderr, "the message names the host"
    assert outcome.store_untouched
    assert outcome.token_requests == len(fault.answers)
    assert not outcome.complaint


@pytest.mark.parametrize("what", AT_DISCOVERY)
def test_at_discovery(outcomes: Mapping[str, Outcome], what: str) -> None:
    fault, outcome = AT_DISCOVERY[what], outcomes[what]
    assert_one_error(outcome.done, fault.status, *fault.says)
    assert outcome.host in outcome.done.stderr or "service.yaml:" in outcome.done.stderr
    assert outcome.store_untouched
    assert outcome.token_requests == 0
    assert not outcome.complaint


def test_no_token_endpoint_is_for_the_profile_to_mend(with_store: Tokenflow, server: FakeServer) -> None:
    before = with_store.stored()
    server.script(OPENID_CONFIGURATION, Answer.json({"issuer": server.url}))
    done = with_store("token", with_store.profile(server.url))
    assert done.status == 2
    assert_clean(done)
    assert re.search(r"service\.yaml:3:9: issuer: .*token_endpoint.*metadata", done.stderr)
    assert with_store.stored() == before


def test_no_metadata_at_either_address(with_store: Tokenflow, server: FakeServer) -> None:
    before = with_store.stored()
    server.script(OPENID_CONFIGURATION, Answer.html(404))
    server.script(OAUTH_METADATA, Answer.html(404))
    done = with_store("token", with_store.profile(server.url))
    assert_one_error(done, 1, re.escape(server.host), "404|metadata")
    assert with_store.stored() == before


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_of_the_token_request_is_refused_f024_r9700_19(with_store: Tokenflow, status: int) -> None:
    before = with_store.stored()
    with FakeServer() as server, FakeServer() as elsewhere:
        server.script("/token", Answer(status=status, headers={"Location": f"{elsewhere.url}/token"}))
        done = with_store("token", with_store.profile(server.url))
        assert_one_error(done, 1, re.escape(server.host), "redirect")
        assert elsewhere.requests == []
        assert len(server.token_requests) == 1
    assert with_store.stored() == before


def test_a_redirect_loop_at_discovery_ends_f025(with_store: Tokenflow, server: FakeServer) -> None:
    loop = Answer(status=302, headers={"Location": f"{server.url}{OPENID_CONFIGURATION}"})
    server.script(OPENID_CONFIGURATION, *[loop] * 20)
    done = with_store("token", with_store.profile(server.url))
    server.forget(OPENID_CONFIGURATION)
    assert_one_error(done, 1, re.escape(server.host), "redirect")
    assert len(server.requests) <= 12
    assert server.token_requests == []


def test_a_wrong_secret_is_refused_at_once_r6749_15(with_store: Tokenflow, server: FakeServer) -> None:
    before = with_store.stored()
    profile = with_store.profile(server.url)
    done = with_store("token", profile, env={"SERVICE_SECRET": "wr0ng-s3cret"})
    assert_one_error(done, 1, "invalid_client", "the client's credentials are wrong", re.escape(server.host), "secret")
    assert "wr0ng-s3cret" not in done.stderr
    assert len(server.token_requests) <= 2, "at most once more, after the source of the secret was read again"
    assert with_store.stored() == before


def test_a_silent_server_is_given_up_f005(with_store: Tokenflow, server: FakeServer) -> None:
    server.script("/token", Answer(delay=20), Answer(delay=20))
    started = time.monotonic()
    profile = with_store.profile(
        server.url,
        http={"timeout": "500ms"},
        refresh={"retry": {"attempts": 2, "first_delay": "10ms", "deadline": "5s"}},
    )
    done = with_store("token", profile)
    assert time.monotonic() - started < 5
    assert_one_error(done, 5, re.escape(server.host), "500 ?ms|0[.]5 ?s|time")


def test_a_dripping_body_is_given_up_f006(with_store: Tokenflow, server: FakeServer) -> None:
    drip = Answer(headers={"Content-Type": "application/json"}, body=json.dumps(GOOD).encode(), pause=0.1)
    server.script("/token", drip, drip)
    started = time.monotonic()
    profile = with_store.profile(
        server.url,
        http={"timeout": "500ms"},
        refresh={"retry": {"attempts": 2, "first_delay": "10ms", "deadline": "5s"}},
    )
    done = with_store("token", profile)
    assert time.monotonic() - started < 5
    assert_one_error(done, 5, re.escape(server.host), "500 ?ms|0[.]5 ?s|time")


def test_the_retries_keep_their_deadline_promise_4(with_store: Tokenflow, closed_port: int) -> None:
    retry = {"attempts": 20, "first_delay": "400ms", "max_delay": "400ms", "deadline": "1s"}
    started = time.monotonic()
    done = with_store("token", with_store.profile(f"http://127.0.0.1:{closed_port}", refresh={"retry": retry}))
    assert time.monotonic() - started < 3
    assert_one_error(done, 5)


def test_what_a_server_writes_is_shown_escaped_and_short_f040_f141(with_store: Tokenflow, server: FakeServer) -> None:
    hostile = "\x1b]0;owned\x07\x1b[31m\x9b\u202eevil\r\ntokenflow: all is well\x00" + "A" * 100_000
    server.script("/token", Answer.error("invalid_request", error_description=hostile))
    done = with_store("token", with_store.profile(server.url))
    assert_one_error(done, 1, "invalid_request", "evil")
    assert not set(done.stderr) & {"\x1b", "\x07", "\x9b", "\u202e", "\r", "\x00"}
    assert not any(line.startswith("tokenflow: all is well") for line in done.stderr.splitlines())
    assert len(done.stderr) < 1500


def test_the_stored_token_of_this_very_profile_survives_every_fault(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    good = tokenflow("token", profile)
    before = tokenflow.stored()
    for answer in (Answer.error("invalid_scope"), Answer.json({})):
        server.script("/token", answer)
        refused = tokenflow("token", profile, "--refresh")
        assert refused.status == 1
        assert_clean(refused)
        assert tokenflow.stored() == before
    assert tokenflow("token", profile) == good


NOT_A_GOOD_JWT = ("expired", "tampered", "signed by another key", "no algorithm")


@pytest.fixture(scope="module")
def with_bad_jwt(tmp_path_factory: pytest.TempPathFactory, filled_home: Path) -> Mapping[str, tuple[Done, str, bool]]:
    """Let a server hand out each of them: how it ended, the token, and whether the store is as it was."""

    def outcome(what: str) -> tuple[Done, str, bool]:
        tokenflow = Tokenflow(tmp_path_factory.mktemp("jwt"))
        shutil.copytree(filled_home, tokenflow.home)
        before = tokenflow.stored()
        with FakeServer(signed=True) as server:
            token = _not_a_good_jwt(server, what)
            server.script("/token", Answer.json(server.token_body(access_token=token)))
            verify = {"access_token": "jwt", "audience": f"{server.url}/resources"}
            done = tokenflow("token", tokenflow.profile(server.url, verify=verify))
        return done, token, tokenflow.stored() == before

    return side_by_side({what: partial(outcome, what) for what in NOT_A_GOOD_JWT})


def _not_a_good_jwt(server: FakeServer, what: str) -> str:
    _, claims, _ = server.sign().split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "at+jwt", "kid": "fake-key"}).encode())
    return {
        "expired": server.sign(iat=1_000_000_000, exp=1_000_003_600),
        "tampered": tampered(server.sign()),
        "signed by another key": server.sign(key=ec.generate_private_key(ec.SECP256R1())),
        "no algorithm": f"{none.rstrip(b'=').decode()}.{claims}.",
    }[what]


def tampered(token: str) -> str:
    """Change one letter in the midst of the signature."""
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{signature[:8]}{'A' if signature[8] != 'A' else 'B'}{signature[9:]}"


@pytest.mark.parametrize("what", NOT_A_GOOD_JWT)
def test_a_jwt_that_does_not_verify_is_not_handed_out_promise_6_r9068(
    with_bad_jwt: Mapping[str, tuple[Done, str, bool]], what: str
) -> None:
    done, token, store_untouched = with_bad_jwt[what]
    assert_one_error(done, 6)
    assert token not in done.stderr
    assert store_untouched


def test_auto_refuses_a_broken_signature_of_the_issuers_own_key_promise_6(with_store: Tokenflow) -> None:
    with FakeServer(signed=True) as server:
        broken = tampered(server.sign())
        server.script("/token", Answer.json(server.token_body(access_token=broken)))
        done = with_store("token", with_store.profile(server.url))
        assert_one_error(done, 6, "signature")


def test_auto_takes_a_jwt_of_somebody_else_as_opaque_promise_6(tokenflow: Tokenflow) -> None:
    with FakeServer(signed=True) as server:
        token = server.sign(iss="https://sts.example", exp=1_000_003_600)
        server.script("/token", Answer.json(server.token_body(access_token=token)))
        done = tokenflow("token", tokenflow.profile(server.url))
        assert (done.status, done.stdout) == (0, f"{token}\n")


def test_auto_checks_the_audience_only_where_the_profile_names_one_promise_6(tokenflow: Tokenflow) -> None:
    with FakeServer(signed=True) as server:
        assert_succeeded(tokenflow("token", tokenflow.profile(server.url)))
        named = tokenflow.profile(server.url, verify={"audience": "https://api.example"}, scopes=["read"])
        done = tokenflow("token", named)
        assert_one_error(done, 6, "aud", r"https://api\.example")


def test_jwt_demanded_and_an_opaque_token_given(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url, verify={"access_token": "jwt", "audience": "https://api.example"})
    done = tokenflow("token", profile)
    assert_one_error(done, 6, "JWT")
    assert server.issued[0] not in done.stderr


def test_required_scopes_that_were_not_granted(tokenflow: Tokenflow, server: FakeServer) -> None:
    server.script("/token", Answer.json(server.token_body(scope="read")))
    done = tokenflow("token", tokenflow.profile(server.url, verify={"required_scopes": ["read", "write"]}))
    assert_one_error(done, 6, "write")
