"""A hunt for canaries: unique secrets, in every form they might take, in everything that the command leaves behind."""

from __future__ import annotations

import base64
import json
import secrets
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from cli.command import Tokenflow, side_by_side
from support.fake_server import OPENID_CONFIGURATION, Answer, FakeServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cli.command import Done

VERBOSITY = [("-v",), ("-vv", "--log-format=json")]


def canary() -> str:
    return secrets.token_hex(6) + ":a+b%41 c/é?&='\"<\\>" + secrets.token_hex(6)


def forms(secret: str, client: str = "service") -> set[str]:
    """Find every way in which `secret` may be written: as it is, encoded, escaped, and parts of it that are unique."""
    raw = secret.encode()
    pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
    plain_pair = f"{client}:{secret}".encode()
    based = {
        encoded.decode().rstrip("=")
        for each in (raw, pair, plain_pair)
        for encoded in (base64.b64encode(each), base64.urlsafe_b64encode(each))
    }
    return based | {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        secret[:12],
        secret[-12:],
        raw.hex(),
    }


def basic(secret: str) -> str:
    return "Basic " + base64.b64encode(f"service:{quote_plus(secret)}".encode()).decode()


def assert_nowhere(texts: Iterable[str], hunted: Iterable[str]) -> None:
    for text in texts:
        found = [form for form in hunted if form in text]
        assert not found, (found, text)


def left_on_disk(tokenflow: Tokenflow) -> dict[str, str]:
    return {
        str(path): path.read_text(errors="replace")
        for root in (tokenflow.home, tokenflow.user_home)
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("verbosity", VERBOSITY)
def test_when_all_goes_well(tokenflow: Tokenflow, verbosity: tuple[str, ...]) -> None:
    secret = canary()
    with FakeServer(clients={"service": secret}, refresh_tokens="rotating") as server:
        profile = tokenflow.profile(server.url, client={"id": "service", "secret": {"env": "CANARY"}})
        done = [
            tokenflow(command, profile, *verbosity, *more, env={"CANARY": secret})
            for command, more in (("token", ()), ("token", ("--refresh",)), ("run", ()))
        ]
        assert [one.status for one in done] == [0, 0, 0], done
        refresh_tokens = {request.form.get("refresh_token", "") for request in server.token_requests} - {""}
        refresh_tokens |= server.live_refresh_tokens
        assert_nowhere([one.stderr + one.stdout for one in done], forms(secret) | refresh_tokens)
        assert_nowhere([one.stderr for one in done], server.issued)
        assert_nowhere([done[2].stdout], server.issued)
        on_disk = left_on_disk(tokenflow)
        assert_nowhere(on_disk.values(), forms(secret))
        stored = {str(tokenflow.home / name) for name in tokenflow.stored()}
        for path, content in on_disk.items():
            if path not in stored:
                assert_nowhere([content, path], [*server.issued, *refresh_tokens])


def _echoing(tokenflow: Tokenflow, answer: Callable[[str], Answer], *verbosity: str) -> tuple[Done, str]:
    """Run against a server that throws back what it was sent."""
    secret = canary()
    with FakeServer(clients={"service": secret}) as server:
        server.script("/token", answer(secret))
        client = {"id": "service", "secret": {"env": "CANARY"}, "auth_method": "client_secret_post"}
        profile = tokenflow.profile(server.url, client=client, refresh={"retry": {"attempts": 1}})
        return tokenflow("token", profile, *verbosity, env={"CANARY": secret}), secret


ECHOES: Mapping[str, Callable[[str], Answer]] = {
    "description": lambda secret: Answer.error("invalid_request", error_description=f"no: {secret}"),
    "encoded": lambda secret: Answer.error("invalid_request", error_description=f"no: {quote(secret)}"),
    "escaped": lambda secret: Answer.error("invalid_request", error_description=f"no: {json.dumps(secret)}"),
    "base64": lambda secret: Answer.error("invalid_request", error_description=basic(secret)),
    "uri": lambda secret: Answer.error("invalid_request", error_uri=f"https://idp.example/?s={quote_plus(secret)}"),
    "page": lambda secret: Answer.html(500, f"<pre>client_secret={quote_plus(secret)} {secret}</pre>"),
    "error": lambda secret: Answer.json({"error": secret}, status=400),
    "token type": lambda secret: Answer.json({"access_token": "x", "token_type": secret}),
    "redirect": lambda secret: Answer(status=302, headers={"Location": f"https://idp.example/?{quote_plus(secret)}"}),
}


@pytest.fixture(scope="module")
def echoed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[tuple[Done, str, list[str]]]]:
    """Each echo at each verbosity: how it ended, the secret, and what was left on disk."""

    def outcome(answer: Callable[[str], Answer]) -> list[tuple[Done, str, list[str]]]:
        found = []
        for verbosity in VERBOSITY[: 2 if answer is ECHOES["description"] else 1]:
            tokenflow = Tokenflow(tmp_path_factory.mktemp("echo"))
            found.append((*_echoing(tokenflow, answer, *verbosity), list(left_on_disk(tokenflow).values())))
        return found

    return side_by_side({where: partial(outcome, answer) for where, answer in ECHOES.items()})


@pytest.mark.parametrize("where", ECHOES)
def test_a_server_that_echoes_the_client_secret_f120(
    echoed: Mapping[str, list[tuple[Done, str, list[str]]]], where: str
) -> None:
    for done, secret, on_disk in echoed[where]:
        assert done.status in {1, 5}, done.stderr
        assert_nowhere([done.stderr, done.stdout, *on_disk], forms(secret))


def test_a_server_that_echoes_the_refresh_token_f120(tokenflow: Tokenflow) -> None:
    with FakeServer(refresh_tokens="rotating") as server:
        first = server.first_refresh_token
        profile = tokenflow.profile(server.url, flow="refresh_token", refresh_token={"env": "FIRST"})
        server.script("/token", Answer.error("invalid_grant", error_description=f"{first} is used up"))
        done = tokenflow("-vv", "token", profile, env={"FIRST": first})
        assert done.status in {1, 4}
        assert_nowhere([done.stderr, done.stdout, *left_on_disk(tokenflow).values()], [first, first[:20], first[-20:]])


def test_a_token_that_is_not_handed_out_is_not_shown_either(tokenflow: Tokenflow) -> None:
    with FakeServer(expires_in=60, refresh_tokens="kept") as server:
        done = tokenflow("-vv", "token", tokenflow.profile(server.url), "--min-validity", "1h")
        assert done.status == 6
        assert_nowhere([done.stderr, done.stdout], [*server.issued, *server.live_refresh_tokens])


def test_a_bug_shows_no_secret_in_its_traceback(tokenflow: Tokenflow) -> None:
    """Odd values of an honest type, at -vv: whatever they lead to, no secret is part of it."""
    secret = canary()
    with FakeServer(clients={"service": secret}) as server:
        server.script(
            OPENID_CONFIGURATION, Answer.json(server.metadata(token_endpoint=[secret], grant_types_supported=7))
        )
        profile = tokenflow.profile(server.url, client={"id": "service", "secret": {"env": "CANARY"}})
        done = tokenflow("-vv", "token", profile, env={"CANARY": secret})
        assert done.status in {1, 2}, done.stderr
        assert "Traceback" not in done.stderr


def test_a_literal_secret_is_not_shown_in_problems(tokenflow: Tokenflow) -> None:
    secret = secrets.token_hex(12)
    client = f"client: {{id: a, secret: {secret}, secert: {secret}}}\n"
    tokenflow.write("p.yaml", f"version: 1\napp_type: service\nissuer: https://idp.example\n{client}")
    for arguments in (("validate", "p.yaml"), ("validate", "--format", "json", "p.yaml"), ("-vv", "token", "p.yaml")):
        done = tokenflow(*arguments)
        assert done.status == 2
        assert_nowhere([done.stdout, done.stderr], [secret])
