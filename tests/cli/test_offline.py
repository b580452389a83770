"""While the server is down, what is still valid keeps being served (SPEC, promises 1, 2 and 5)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from cli.command import SECRET_VARIABLE, assert_clean, assert_succeeded
from support.fake_server import FakeServer

if TYPE_CHECKING:
    from cli.command import Tokenflow


@pytest.fixture
def unset() -> dict[str, str | None]:
    return {SECRET_VARIABLE: None}


def test_a_stored_token_is_served_with_the_server_down_and_the_secret_gone_promise_2(
    tokenflow: Tokenflow, unset: dict[str, str | None]
) -> None:
    with FakeServer() as server:
        profile = tokenflow.profile(server.url)
        first = tokenflow("token", profile)
        server.stop()
        assert tokenflow("token", profile) == (0, first.stdout, "")
        assert tokenflow("token", profile, env=unset) == (0, first.stdout, "")
        assert tokenflow("run", profile, env=unset).status == 0


def test_a_token_that_is_due_is_renewed(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    tokenflow("token", profile)
    early = tokenflow("token", profile, later=2000)
    due = tokenflow("token", profile, later=3600 - 200)
    assert early.stdout == f"{server.issued[0]}\n"
    assert due.stdout == f"{server.issued[1]}\n"
    assert len(server.token_requests) == 2


def test_a_token_that_is_due_still_serves_with_the_server_down_and_the_secret_gone_promise_2(
    tokenflow: Tokenflow, unset: dict[str, str | None]
) -> None:
    with FakeServer() as server:
        profile = tokenflow.profile(server.url)
        first = tokenflow("token", profile)
        before = tokenflow.stored()
        server.stop()
        for env in ({}, unset):
            due = tokenflow("token", profile, later=3600 - 200, env=env)
            assert (due.status, due.stdout) == (0, first.stdout), due.stderr
            assert due.stderr.strip(), "that it could not be renewed is worth a line"
        after = tokenflow.stored()
        assert after.keys() == before.keys()


@pytest.mark.parametrize("trouble", ["slow", "refusing"])
def test_a_token_that_is_due_gets_one_attempt_of_two_seconds_then_serves(tokenflow: Tokenflow, trouble: str) -> None:
    with FakeServer() as server:
        profile = tokenflow.profile(server.url, refresh={"retry": {"attempts": 5, "first_delay": "10ms"}})
        first = tokenflow("token", profile)
        if trouble == "slow":
            server.token_delay = 20
        else:
            server.clients.clear()
        started = time.monotonic()
        due = tokenflow("token", profile, later=3600 - 200)
        assert time.monotonic() - started < 4
        assert (due.status, due.stdout) == (0, first.stdout), due.stderr
        assert len(server.token_requests) == 2


def test_what_has_less_than_min_validity_left_is_not_handed_out_promise_1(tokenflow: Tokenflow) -> None:
    with FakeServer() as server:
        profile = tokenflow.profile(server.url)
        assert_succeeded(tokenflow("token", profile))
        server.stop()
        done = tokenflow("token", profile, later=3600 - 30)
        assert done.status == 5
        assert_clean(done)
        assert server.host in done.stderr


def test_expired_and_the_server_down_leaves_the_store_as_it_is_promise_2(tokenflow: Tokenflow) -> None:
    with FakeServer(refresh_tokens="rotating") as server:
        profile = tokenflow.profile(server.url)
        assert_succeeded(tokenflow("token", profile))
        before = tokenflow.stored()
        server.stop()
        done = tokenflow("token", profile, later=5000)
        assert done.status == 5
        assert_clean(done)
        after = tokenflow.stored()
        assert after.keys() == before.keys()
        kept = server.live_refresh_tokens - {server.first_refresh_token}
        assert all(any(token.encode() in content for content in after.values()) for token in kept)


def test_expired_and_the_secret_gone_names_the_variable(tokenflow: Tokenflow, unset: dict[str, str | None]) -> None:
    with FakeServer() as server:
        profile = tokenflow.profile(server.url)
        assert_succeeded(tokenflow("token", profile))
        done = tokenflow("token", profile, later=5000, env=unset)
        assert done.status == 2
        assert_clean(done)
        assert SECRET_VARIABLE in done.stderr


def test_a_refused_refresh_token_leads_to_the_flow_anew_r6749_16(tokenflow: Tokenflow) -> None:
    """`on_rejected: reauthenticate` is the default; the refused token is sent once and no more."""
    with FakeServer(refresh_tokens="rotating") as server:
        profile = tokenflow.profile(server.url)
        assert_succeeded(tokenflow("token", profile))
        server.live_refresh_tokens.clear()
        done = tokenflow("token", profile, "--refresh")
        assert (done.status, done.stdout) == (0, f"{server.issued[-1]}\n"), done.stderr
        grants = [request.form["grant_type"] for request in server.token_requests]
        assert grants in (
            ["client_credentials", "refresh_token", "client_credentials"],
            ["client_credentials", "client_credentials"],  # RFC 6749, 4.4.3: no refresh token belongs there
        )
        server.violations.clear()


def test_on_rejected_fail_stops_at_a_refused_refresh_token(tokenflow: Tokenflow) -> None:
    with FakeServer(refresh_tokens="rotating") as server:
        env = {"FIRST": server.first_refresh_token}
        profile = tokenflow.profile(
            server.url, flow="refresh_token", refresh_token={"env": "FIRST"}, refresh={"on_rejected": "fail"}
        )
        first = tokenflow("token", profile, env=env)
        assert_succeeded(first)
        server.live_refresh_tokens.clear()
        done = tokenflow("token", profile, "--refresh", env=env)
        assert done.status in {1, 4}
        assert_clean(done)
        assert "invalid_grant" in done.stderr
        server.violations.clear()
        sent = [request.form["refresh_token"] for request in server.token_requests]
        assert len(sent) == len(set(sent)) == 2, "no refresh token is sent twice"
