from __future__ import annotations

import logging
import re
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from tokenflow.dev_issuer import KNOWN_CLIENTS, KNOWN_USERS, DevClient, DevIssuer
from tokenflow.secret import Secret

SERVICE = ("service-quickstart", "quickstart-secret")


def ask(issuer: DevIssuer) -> httpx.Response:
    return httpx.post(f"{issuer.url}/token", data={"grant_type": "client_credentials"}, auth=SERVICE, trust_env=False)


def test_it_takes_a_free_port_on_loopback_and_counts_requests() -> None:
    with DevIssuer() as issuer:
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]+", issuer.url)
        ask(issuer)
        httpx.get(f"{issuer.url}/nowhere?secret=x", trust_env=False)
        assert issuer.requests == (("POST", "/token"), ("GET", "/nowhere"))
        assert repr(issuer) == f"DevIssuer({issuer.url})"


def test_it_tells_what_it_answered() -> None:
    told = []
    with DevIssuer(on_request=lambda *answer: told.append(answer), access_token_lifetime=60) as issuer:
        assert ask(issuer).json()["expires_in"] == 60
        httpx.get(f"{issuer.url}/nowhere", trust_env=False)
    assert told == [("POST", "/token", 200), ("GET", "/nowhere", 404)]


def test_it_closes_quickly_and_more_than_once() -> None:
    issuer = DevIssuer()
    issuer.close()
    issuer.start()
    with socket.create_connection(("127.0.0.1", int(issuer.url.rpartition(":")[2]))):
        started = time.perf_counter()
        issuer.close()
        issuer.close()
        assert time.perf_counter() - started < 0.2
    with pytest.raises(httpx.ConnectError):
        ask(issuer)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dev-issuer:")]


def test_started_again_it_is_the_same() -> None:
    issuer = DevIssuer()
    with issuer:
        url, token = issuer.url, ask(issuer).json()["access_token"]
        with pytest.raises(RuntimeError):
            issuer.start()
    with issuer:
        assert issuer.url == url
        answer = httpx.post(f"{url}/introspect", data={"token": token}, auth=SERVICE, trust_env=False)
        assert answer.json()["active"]


def test_a_port_that_is_taken() -> None:
    with DevIssuer() as issuer, pytest.raises(OSError, match="in use"):
        DevIssuer(port=int(issuer.url.rpartition(":")[2])).start()


def test_it_has_no_address_before_it_starts() -> None:
    issuer = DevIssuer()
    assert repr(issuer) == "DevIssuer(not started)"
    with pytest.raises(RuntimeError):
        _ = issuer.url


def test_two_issuers_have_two_keys() -> None:
    with DevIssuer() as one, DevIssuer() as other:
        keys = [httpx.get(f"{issuer.url}/jwks", trust_env=False).json() for issuer in (one, other)]
    assert keys[0] != keys[1]


def test_an_extra_client_wins_over_a_known_one() -> None:
    mine = DevClient(client_id=SERVICE[0], secret=Secret("mine"), grant_types=("client_credentials",))
    with DevIssuer(extra_clients=[mine]) as issuer:
        assert ask(issuer).status_code == 401


def test_no_secret_in_a_repr() -> None:
    shown = repr(KNOWN_CLIENTS) + repr(KNOWN_USERS)
    assert not re.search(r"quickstart-secret|agent-secret|alice-password|svc-password", shown)


def test_nothing_is_printed_and_no_token_logged(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), DevIssuer() as issuer:
        token = ask(issuer).json()["access_token"]
        with socket.create_connection(("127.0.0.1", int(issuer.url.rpartition(":")[2]))) as rude:
            rude.sendall(b"nonsense\r\n\r\n")
            rude.recv(1000)
    assert capfd.readouterr() == ("", "")
    assert token not in caplog.text
    assert SERVICE[1] not in caplog.text


@pytest.mark.parametrize("missing", ["authlib", "flask"])
def test_without_its_extra_it_cannot_be_imported(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; import tokenflow.dev_issuer"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert re.search(r"(ImportError|ModuleNotFoundError): ", ended.stderr)


def test_the_process_environment_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTHLIB_INSECURE_TRANSPORT", raising=False)
    with DevIssuer() as issuer:
        assert ask(issuer).status_code == 200
