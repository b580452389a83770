"""`tokenflow inspect`: decode, and verify with a profile."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING

import pytest
from cli.command import SECRET_VARIABLE, assert_clean
from cryptography.hazmat.primitives.asymmetric import ec
from support.fake_server import KEY_ID, FakeServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.command import Tokenflow


@pytest.fixture
def signer() -> Iterator[FakeServer]:
    with FakeServer(signed=True) as running:
        yield running


def test_a_token_as_argument_and_from_stdin(tokenflow: Tokenflow, signer: FakeServer) -> None:
    token = signer.sign(scope="read", sub="alice")
    done = [
        tokenflow("inspect", token),
        tokenflow("inspect", "-", stdin=token + "\n"),
        tokenflow("inspect", stdin=token),
    ]
    assert [one.status for one in done] == [0, 0, 0]
    assert len({one.stdout for one in done}) == 1
    for wanted in ("alice", signer.url, "ES256", KEY_ID, "read"):
        assert wanted in done[0].stdout
    assert re.search("not verified", done[0].stdout + done[0].stderr, re.IGNORECASE)
    assert signer.requests == []


def test_a_profile_verifies_it_without_its_secret(tokenflow: Tokenflow, signer: FakeServer) -> None:
    token = signer.sign(sub="alice")
    done = tokenflow("inspect", token, "--profile", tokenflow.profile(signer.url), env={SECRET_VARIABLE: None})
    assert done.status == 0, done.stderr
    assert "alice" in done.stdout
    assert not re.search("not verified", done.stdout + done.stderr)
    assert signer.token_requests == []


def test_what_does_not_verify_ends_with_6_f054(tokenflow: Tokenflow, signer: FakeServer) -> None:
    head, claims, signature = signer.sign().split(".")

    def encoded(content: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    tokens = {
        "tampered": f"{head}.{encoded({'iss': signer.url, 'sub': 'root', 'exp': int(time.time()) + 99})}.{signature}",
        "expired": signer.sign(iat=1_000_000_000, exp=1_000_003_600),
        "other key": signer.sign(key=ec.generate_private_key(ec.SECP256R1())),
        "no algorithm": f"{encoded({'alg': 'none', 'typ': 'at+jwt', 'kid': KEY_ID})}.{claims}.",
        "algorithm confusion": f"{encoded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': KEY_ID})}.{claims}.{signature}",
        "other issuer": signer.sign(iss="https://evil.example"),
        "audience": signer.sign(aud="https://other.example"),
    }
    verify = {"access_token": "jwt", "audience": f"{signer.url}/resources"}
    profile = tokenflow.profile(signer.url, verify=verify)
    done = tokenflow.at_once(*(("inspect", token, "--profile", profile) for token in tokens.values()))
    ended = {what: one.status for what, one in zip(tokens, done, strict=True)}
    assert ended == dict.fromkeys(tokens, 6)
    for one, token in zip(done, tokens.values(), strict=True):
        assert one.stderr.strip()
        assert "Traceback" not in one.stderr
        assert token not in one.stderr


def test_an_opaque_token_cannot_be_decoded(tokenflow: Tokenflow) -> None:
    done = tokenflow("inspect", "an-opaque-token-7f3a")
    assert done.status in {2, 6}
    assert_clean(done)
    assert "opaque" in done.stderr or "JWT" in done.stderr
    assert "an-opaque-token-7f3a" not in done.stderr


@pytest.mark.parametrize("token", ["", "   \n"])
def test_nothing_on_stdin(tokenflow: Tokenflow, token: str) -> None:
    done = tokenflow("inspect", stdin=token)
    assert done.status in {2, 6}
    assert_clean(done)


def test_claims_are_shown_with_hostile_letters_escaped_f141(tokenflow: Tokenflow, signer: FakeServer) -> None:
    done = tokenflow("inspect", signer.sign(sub="a\x1b[31m\u202e\x9b\x07b"))
    assert done.status == 0
    assert not set(done.stdout + done.stderr) & {"\x1b", "\u202e", "\x9b", "\x07"}
