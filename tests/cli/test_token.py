"""`tokenflow token`: what it prints, and when it asks the server (SPEC, sections 2 and 4)."""

from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest
from cli.command import SECRET, SECRET_VARIABLE, Tokenflow, assert_clean, assert_succeeded, side_by_side
from support.fake_server import OPENID_CONFIGURATION, Answer, FakeServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.command import Done


def test_it_prints_the_token_and_a_newline_and_nothing_else(tokenflow: Tokenflow, server: FakeServer) -> None:
    status, stdout, stderr = tokenflow("token", tokenflow.profile(server.url))
    assert (status, stdout, stderr) == (0, f"{server.issued[0]}\n", "")


def test_the_request_is_what_the_profile_says(tokenflow: Tokenflow, server: FakeServer) -> None:
    assert_succeeded(tokenflow("token", tokenflow.profile(server.url)))
    assert [(request.method, request.path) for request in server.requests] == [
        ("GET", OPENID_CONFIGURATION),
        ("POST", "/token"),
    ]
    (request,) = server.token_requests
    assert request.client == ("service", SECRET)
    assert request.form["grant_type"] == "client_credentials"
    assert request.form["scope"].split() == ["read", "write"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_odd_credentials_arrive_as_they_are_r6749_03_r6749_05(tokenflow: Tokenflow, method: str) -> None:
    identifier, secret = "odd:id %+é &=", "odd:secret %41+é /?&=#\\\"'"
    with FakeServer(clients={identifier: secret}) as server:
        client = {"id": identifier, "secret": {"env": "ODD"}, "auth_method": method}
        done = tokenflow("token", tokenflow.profile(server.url, client=client), env={"ODD": secret})
        assert_succeeded(done)
        assert ("authorization" in server.token_requests[0].headers) == (method == "client_secret_basic")


def test_a_second_call_within_its_life_makes_no_request(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    first = tokenflow("token", profile)
    asked = len(server.requests)
    second = tokenflow("token", profile)
    assert (second.status, second.stdout, second.stderr) == (0, first.stdout, "")
    assert len(server.requests) == asked


def test_formats(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url, "reports.yaml")
    before = int(time.time())
    assert_succeeded(tokenflow("token", profile))
    after = int(time.time())
    (token,) = server.issued
    bare, header, env, machine = (
        tokenflow("token", profile, "--format", name).stdout for name in ("token", "header", "env", "json")
    )
    assert bare == f"{token}\n"
    assert header == f"Authorization: Bearer {token}\n"
    names = dict(line.split("=", 1) for line in env.splitlines())
    assert list(names) == ["TOKENFLOW_ACCESS_TOKEN", "TOKENFLOW_EXPIRES_AT"]
    said = json.loads(machine)
    assert list(said) == ["access_token", "token_type", "expires_at", "scope", "issuer", "profile"]
    assert said | {"expires_at": 0} == {
        "access_token": token,
        "token_type": "Bearer",
        "expires_at": 0,
        "scope": "read write",
        "issuer": server.url,
        "profile": "reports",
    }
    assert before + 3600 <= said["expires_at"] <= after + 3600
    assert names["TOKENFLOW_EXPIRES_AT"].strip("'") == str(said["expires_at"])
    assert len(server.token_requests) == 1


def test_env_lines_are_quoted_for_a_shell(tokenflow: Tokenflow, server: FakeServer) -> None:
    token = "a'b\"c$(touch${IFS}owned)`touch${IFS}owned`;touch${IFS}owned\\&|*~#!"
    server.script("/token", Answer.json(server.token_body(access_token=token)))
    done = tokenflow("token", tokenflow.profile(server.url), "--format", "env")
    assert_succeeded(done)
    shown = subprocess.run(
        ["/bin/sh", "-c", f'{done.stdout}\nprintf %s "$TOKENFLOW_ACCESS_TOKEN"'],
        cwd=tokenflow.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (shown.stdout, shown.stderr) == (token, "")
    assert not (tokenflow.folder / "owned").exists()


def test_json_holds_what_the_server_granted_r6749_11(tokenflow: Tokenflow, server: FakeServer) -> None:
    server.script("/token", Answer.json(server.token_body(scope="read", token_type="bEARER")))
    done = tokenflow("token", tokenflow.profile(server.url), "--format", "json")
    assert_succeeded(done)
    assert json.loads(done.stdout)["scope"] == "read"
    assert "write" in done.stderr, "a narrower scope than asked for is worth a line"


def test_a_refresh_token_is_never_printed(tokenflow: Tokenflow) -> None:
    with FakeServer(refresh_tokens="rotating") as server:
        done = tokenflow("-v", "token", tokenflow.profile(server.url), "--format", "json")
        assert_succeeded(done)
        given = server.live_refresh_tokens - {server.first_refresh_token}
        assert given
        assert not any(token in done.stdout + done.stderr for token in given)
        assert "refresh_token" not in done.stdout


def test_refresh_asks_for_a_new_one(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    tokenflow("token", profile)
    renewed = tokenflow("token", profile, "--refresh")
    after = tokenflow("token", profile)
    assert renewed.stdout == after.stdout == f"{server.issued[1]}\n"
    assert len(server.token_requests) == 2


def test_rotated_refresh_tokens_are_kept_and_none_is_sent_twice_r6749_20(tokenflow: Tokenflow) -> None:
    with FakeServer(refresh_tokens="rotating") as server:
        first = tokenflow.write("first.txt", server.first_refresh_token + "\n")
        profile = tokenflow.profile(server.url, flow="refresh_token", refresh_token={"file": first.name})
        printed = [tokenflow("token", profile, *more) for more in ((), ("--refresh",), ("--refresh",), ())]
        assert [done.stdout.strip() for done in printed] == [*server.issued, server.issued[-1]]
        sent = [request.form["refresh_token"] for request in server.token_requests]
        assert sent[0] == server.first_refresh_token
        assert len(sent) == len(set(sent)) == 3


def test_a_refresh_token_that_is_not_rotated_is_kept_r6749_20(tokenflow: Tokenflow) -> None:
    with FakeServer(refresh_tokens="kept") as server:
        profile = tokenflow.profile(server.url, flow="refresh_token", refresh_token={"env": "FIRST"})
        first = {"FIRST": server.first_refresh_token}
        assert_succeeded(tokenflow("token", profile, env=first))
        assert_succeeded(tokenflow("token", profile, "--refresh", env=first))
        sent = {request.form["refresh_token"] for request in server.token_requests}
        assert sent == {server.first_refresh_token}


def test_min_validity_longer_than_what_is_left_renews(tokenflow: Tokenflow, server: FakeServer) -> None:
    server.script("/token", Answer.json(server.token_body(expires_in=600)))
    profile = tokenflow.profile(server.url)
    first = tokenflow("token", profile, "--min-validity", "9m")
    same = tokenflow("token", profile, "--min-validity", "8m")
    new = tokenflow("token", profile, "--min-validity", "20m")
    assert [done.status for done in (first, same, new)] == [0, 0, 0]
    assert first.stdout == same.stdout == f"{server.issued[0]}\n"
    assert new.stdout == f"{server.issued[1]}\n"
    assert len(server.token_requests) == 2


def test_min_validity_longer_than_the_server_grants_says_so(tokenflow: Tokenflow) -> None:
    with FakeServer(expires_in=600) as server:
        done = tokenflow("token", tokenflow.profile(server.url), "--min-validity", "20m")
        assert done.status == 6
        assert_clean(done)
        assert "10m" in done.stderr or "600" in done.stderr or "10 min" in done.stderr, "what the server grants"
        assert "20m" in done.stderr or "1200" in done.stderr or "20 min" in done.stderr, "what was asked for"
        assert len(server.token_requests) == 1


def test_a_min_validity_that_is_no_duration_is_a_usage_error(tokenflow: Tokenflow) -> None:
    wrong = ("tomorrow", "-1s", "5x", "", "1m1h")
    for done in tokenflow.at_once(*(("token", "p.yaml", f"--min-validity={each}") for each in wrong)):
        assert done.status == 2
        assert_clean(done)
        assert "--min-validity" in done.stderr


def test_a_profiles_min_validity_is_clamped_to_half_of_the_life_with_one_warning(tokenflow: Tokenflow) -> None:
    with FakeServer(expires_in=90) as server:
        profile = tokenflow.profile(server.url, refresh={"min_validity": "80s", "before_expiry": "85s"})
        first, second = tokenflow("token", profile), tokenflow("token", profile)
        assert first.status == second.status == 0
        assert first.stdout == second.stdout
        assert len([line for line in first.stderr.splitlines() if "min_validity" in line]) == 1
        assert len(server.token_requests) == 1


TEN_YEARS = 3650 * 86400
# What the server says, the lifetime that is taken, and whether a warning is due.
LIFETIMES: Mapping[str, tuple[object, int, bool]] = {
    "a string": ("3600", 3600, False),
    "a float": (3600.9, 3600, False),
    "nothing": (None, 600, True),
    "zero": (0, 600, True),
    "true": (True, 600, True),
    "text": ("soon", 600, True),
    "an eternity": (10**20, TEN_YEARS, True),
}


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[float, Done]]:
    def life(said: object) -> tuple[float, Done]:
        with FakeServer(expires_in=said) as server:
            tokenflow = Tokenflow(tmp_path_factory.mktemp("life"))
            done = tokenflow("token", tokenflow.profile(server.url), "--format", "json")
            return server.token_requests[0].wall_clock, done

    return side_by_side({what: partial(life, said) for what, (said, _, _) in LIFETIMES.items()})


@pytest.mark.parametrize("what", LIFETIMES)
def test_lifetimes_written_oddly_r6749_09_r6749_10_f049(lives: Mapping[str, tuple[float, Done]], what: str) -> None:
    _, taken, warned = LIFETIMES[what]
    asked, done = lives[what]
    assert_succeeded(done)
    tolerance = 4 * 86400 if taken == TEN_YEARS else 5  # leap days; and a slow machine
    assert abs(json.loads(done.stdout)["expires_at"] - asked - taken) < tolerance
    if warned:
        assert len([line for line in done.stderr.splitlines() if "expires_in" in line]) == 1


def test_eight_processes_at_once_on_an_empty_store_make_one_token_request_f093(tokenflow: Tokenflow) -> None:
    with FakeServer(token_delay=0.5) as server:
        profile = tokenflow.profile(server.url)
        done = tokenflow.at_once(*[("token", profile)] * 8)
        assert [one.status for one in done] == [0] * 8, [one.stderr for one in done]
        assert {one.stdout for one in done} == {f"{server.issued[0]}\n"}
        assert len(server.token_requests) == 1


def test_four_processes_at_expiry_refresh_once_f094(tokenflow: Tokenflow) -> None:
    with FakeServer(refresh_tokens="rotating", token_delay=0.3) as server:
        profile = tokenflow.profile(server.url, flow="refresh_token", refresh_token={"env": "FIRST"})
        first = {"FIRST": server.first_refresh_token}
        assert_succeeded(tokenflow("token", profile, env=first))
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda _: tokenflow("token", profile, env=first, later=4000), range(4)))
        assert [one.status for one in done] == [0] * 4, [one.stderr for one in done]
        assert {one.stdout for one in done} == {f"{server.issued[1]}\n"}
        assert len(server.token_requests) == 2


def test_metadata_that_holds_the_endpoint_is_enough(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile("https://idp.example", metadata={"token_endpoint": f"{server.url}/token"})
    assert_succeeded(tokenflow("token", profile))
    assert [request.path for request in server.requests] == ["/token"]


def test_discovery_falls_back_to_rfc_8414_r8414_03(tokenflow: Tokenflow, server: FakeServer) -> None:
    server.script(OPENID_CONFIGURATION, Answer.html(404))
    done = tokenflow("token", tokenflow.profile(server.url))
    assert (done.status, done.stdout) == (0, f"{server.issued[0]}\n")
    assert [request.path for request in server.requests][1] == "/.well-known/oauth-authorization-server"


def test_what_a_caller_does_not_know_of_an_answer_is_ignored_r6749_06_f034(
    tokenflow: Tokenflow, server: FakeServer
) -> None:
    answer = Answer.json(server.token_body(mood="sunny", token_type="BEARER"), headers={"Set-Cookie": "spy=1"})
    server.script("/token", answer)
    profile = tokenflow.profile(server.url)
    assert_succeeded(tokenflow("token", profile))
    assert_succeeded(tokenflow("token", profile, "--refresh"))
    assert not any("cookie" in request.headers for request in server.requests)


def test_a_token_of_forty_kilobytes_passes_whole_r6749_28(tokenflow: Tokenflow, server: FakeServer) -> None:
    token = "x" * 40_000
    server.script("/token", Answer.json(server.token_body(access_token=token)))
    profile = tokenflow.profile(server.url)
    assert tokenflow("token", profile).stdout == f"{token}\n"
    assert tokenflow("token", profile).stdout == f"{token}\n"


def test_busy_for_a_moment_is_tried_again_r6749_17(tokenflow: Tokenflow, server: FakeServer) -> None:
    server.script("/token", Answer.html(503))
    done = tokenflow("token", tokenflow.profile(server.url))
    assert (done.status, done.stdout) == (0, f"{server.issued[0]}\n")
    assert len(server.token_requests) == 2


def test_a_reset_connection_is_tried_again_f007(tokenflow: Tokenflow, server: FakeServer) -> None:
    server.drop_connections(1)
    done = tokenflow("token", tokenflow.profile(server.url))
    assert (done.status, done.stdout) == (0, f"{server.issued[0]}\n")


def test_a_short_retry_after_is_waited_for_f021(tokenflow: Tokenflow, server: FakeServer) -> None:
    server.script("/token", Answer(status=429, headers={"Retry-After": "1"}))
    assert_succeeded(tokenflow("token", tokenflow.profile(server.url)))
    first, second = server.token_requests
    assert second.at - first.at >= 1


def test_a_secret_changed_at_its_source_meanwhile_is_read_again_f037(tokenflow: Tokenflow) -> None:
    with FakeServer() as server:
        tokenflow.write("secret.txt", SECRET)
        client = {"id": "service", "secret": {"file": "secret.txt"}}
        profile = tokenflow.profile(server.url, client=client)
        assert_succeeded(tokenflow("token", profile))
        server.clients["service"] = "rotated"
        tokenflow.write("secret.txt", "rotated")
        assert_succeeded(tokenflow("token", profile, "--refresh", env={SECRET_VARIABLE: None}))
