"""The rehearsal in process: what it asks of the real flows, what it makes up, and what it never touches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.fake_server import OPENID_CONFIGURATION, Answer, FakeServer

from tokenflow.errors import ProfileError, ProtocolError, VerificationError
from tokenflow.explanation.curl import curl
from tokenflow.explanation.explaining import explain
from tokenflow.explanation.mermaid import mermaid
from tokenflow.explanation.rehearsal import Rehearsal
from tokenflow.explanation.text import text
from tokenflow.explanation.veil import Veil, shell_name, veiled
from tokenflow.profile import Client, EnvSource, FileSource, Place, Profile, Reference, TokenRequest, User
from tokenflow.protocol.effects import Flow, now, random, send, sleep, tell
from tokenflow.protocol.messages import HttpRequest
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tokenflow.explanation.explaining import Explanation

GOOD = "version: 1\napp_type: service\nissuer: https://idp.example\nclient: {id: a, secret: {env: S}}\n"
WRITTEN = "metadata: {token_endpoint: 'https://idp.example/t', jwks_uri: 'https://idp.example/k'}\n"


def explained(folder: Path, profile: str) -> Explanation:
    path = folder / "p.yaml"
    path.write_text(profile)
    return explain(str(path))


def rehearsed(explanation: Explanation, request: HttpRequest) -> Explanation:
    """Let the explanation be about another request, which no flow of this version sends."""
    rehearsal = Rehearsal(explanation.profile, Veil())
    rehearsal.run(send(request))
    return replace(explanation, first=tuple(rehearsal.exchanges))


def endpoints(explanation: Explanation) -> list[str]:
    return [exchange.endpoint for exchange in explanation.first]


def test_endpoints_that_are_written_need_no_discovery(tmp_path: Path) -> None:
    explanation = explained(tmp_path, GOOD + WRITTEN)
    assert [exchange.address for exchange in explanation.first] == ["https://idp.example/t", "https://idp.example/k"]
    assert "because the server's metadata lists no method" in text(explanation)


@pytest.mark.parametrize(
    ("access_token", "expected", "condition"),
    [
        ("none", ["metadata", "token_endpoint"], ""),
        ("auto", ["metadata", "token_endpoint", "jwks_uri"], "only if"),
        ("jwt", ["metadata", "token_endpoint", "jwks_uri"], ""),
    ],
)
def test_the_keys_are_asked_for_where_the_profile_verifies(
    tmp_path: Path, access_token: str, expected: list[str], condition: str
) -> None:
    explanation = explained(tmp_path, f"{GOOD}verify: {{access_token: {access_token}}}\n")
    assert endpoints(explanation) == expected
    assert explanation.first[-1].condition.startswith(condition)
    assert bool(explanation.first[-1].condition) is bool(condition)
    assert [exchange.endpoint for exchange in explanation.renewal][:1] == ["token_endpoint"]


def test_a_form_encoded_answer_is_rehearsed_as_one(tmp_path: Path) -> None:
    assert endpoints(explained(tmp_path, GOOD + "token: {response: form}\n")) == endpoints(explained(tmp_path, GOOD))


def test_scopes_that_are_required_and_not_asked_for_do_not_end_the_explanation(tmp_path: Path) -> None:
    explanation = explained(tmp_path, GOOD + "scopes: [a]\nverify: {required_scopes: [b]}\n")
    assert endpoints(explanation) == ["metadata", "token_endpoint", "jwks_uri"]


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        ("{id: a}", "none, because there is no client.secret"),
        ("{id: a, secret: {env: S}}", "client_secret_basic, unless the server's metadata lists only"),
        ("{id: a, secret: {env: S}, auth_method: client_secret_post}", "client_secret_post, because "),
    ],
)
def test_how_the_client_authenticates_and_why(tmp_path: Path, client: str, reason: str) -> None:
    profile = f"version: 1\napp_type: desktop\nflow: refresh_token\nrefresh_token: {{env: R}}\nclient: {client}\n"
    explanation = explained(tmp_path, profile + "issuer: https://idp.example\n")
    assert f"  client authentication: {reason}" in text(explanation)


def test_nested_values_and_their_defaults(tmp_path: Path) -> None:
    deliver = "deliver:\n  - {to: stdout}\n  - {to: file, path: out, mode: '0640'}\n"
    values = {value.path: value for value in explained(tmp_path, GOOD + deliver).values}
    assert (values["deliver[0].mode"].shown, values["deliver[0].mode"].origin) == ("0600", "default")
    assert (values["deliver[1].mode"].shown, values["deliver[1].mode"].origin) == ("0640", f"{tmp_path}/p.yaml:7")
    assert "deliver" not in values


def test_what_the_schema_does_not_call_public_is_not_shown(tmp_path: Path) -> None:
    profile = GOOD + "flow: jwt_bearer\nassertion: {env: A, claims: {role: [x, 1]}}\ntoken: {extra: {a: canary}}\n"
    explanation = explained(tmp_path, profile)
    values = {value.path: value.shown for value in explanation.values}
    assert (values["assertion.env"], values["assertion.claims.role"]) == ("A", "[x, 1]")
    assert values["token.extra.a"] == "***"
    assert "canary" not in text(explanation) + mermaid(explanation) + curl(explanation)


def test_every_schema_default_has_one_line_and_no_path_two(tmp_path: Path) -> None:
    paths = [value.path for value in explained(tmp_path, GOOD).values]
    assert len(paths) == len(set(paths))
    assert {"refresh.retry.deadline", "http.timeout", "verify.algorithms", "store", "dpop"} <= set(paths)


def test_curl_names_the_settings_of_the_connection(tmp_path: Path) -> None:
    (tmp_path / "my ca.pem").write_text("")
    http = "http: {timeout: 1500ms, proxy: 'http://proxy.example:3128', ca_bundle: my ca.pem}\n"
    script = curl(explained(tmp_path, GOOD + http))
    assert "--max-time 1.5 \\\n" in script
    assert '--proxy "$PROXY" \\\n' in script
    assert f"--cacert '{tmp_path}/my ca.pem' \\\n" in script


def test_no_control_character_reaches_the_terminal(tmp_path: Path) -> None:
    odd = "a\x1b[31m'\\b\u202e"
    request = HttpRequest(method="POST", url="https://idp.example/t", form=(("audience", odd),))
    explanation = rehearsed(explained(tmp_path, GOOD + WRITTEN), request)
    for written in (text(explanation), mermaid(explanation), curl(explanation)):
        assert "audience=a" in written
        assert not {letter for letter in written if not letter.isprintable()} - {"\n"}
    assert "--data-urlencode $'audience=a\\x1b[31m\\'\\\\b\\u202e'" in curl(explanation)


def test_a_veiled_profile_holds_no_secret() -> None:
    extra = (("x", Secret("canary")), ("y", Reference(EnvSource("Y"))))
    profile = Profile(
        app_type="agent",
        client=Client(id="a", secret=Secret("canary")),
        user=User(name="u", password=Secret("canary")),
        token=TokenRequest(extra=extra),
        refresh_token=Secret("canary"),
    )
    hidden = veiled(profile)
    secrets = [hidden.client.secret, hidden.refresh_token, *(value for _, value in hidden.token.extra)]
    assert all(isinstance(secret, Reference) for secret in secrets)
    assert [secret.place.path for secret in secrets if isinstance(secret, Reference)] == [
        "client.secret",
        "refresh_token",
        "token.extra.x",
        "",
    ]
    assert hidden.user is not None
    assert isinstance(hidden.user.password, Reference)
    assert (hidden.client.id, hidden.user.name) == ("a", "u")


def test_each_secret_has_one_stand_in_and_a_name_of_its_own() -> None:
    veil = Veil()

    def name(source: EnvSource | FileSource, path: str) -> str:
        stand_in = veil.stand_in(Reference(source, place=Place(path=path)))
        return veil.variables[stand_in.reveal()].name

    assert name(EnvSource("MINE"), "client.secret") == "MINE"
    assert name(EnvSource("MINE"), "token.extra.x") == "MINE"
    assert name(EnvSource("not a name"), "client.secret") == "CLIENT_SECRET"
    assert name(FileSource("f"), "client.secret").startswith("CLIENT_SECRET_")
    assert len(veil.variables) == 3
    assert shell_name("***") == "SECRET"


def test_the_rehearsal_has_a_clock_of_its_own_and_no_randomness() -> None:
    def flow() -> Flow[Any]:
        start = yield from now()
        yield from sleep(5)
        yield from tell("warning", "not said")
        return (yield from now()) - start, (yield from random(3))

    rehearsal = Rehearsal(Profile(app_type="service"), Veil())
    assert rehearsal.run(flow()) == (5, bytes(3))


def test_a_header_with_other_credentials_keeps_its_scheme(tmp_path: Path) -> None:
    request = HttpRequest(method="GET", url="https://idp.example/userinfo")
    request = request.with_header("Authorization", Secret("Bearer canary"))
    explanation = rehearsed(explained(tmp_path, GOOD + WRITTEN), request)
    assert "GET https://idp.example/userinfo\n       Authorization: Bearer ***\n" in text(explanation)
    assert '--header "Authorization: Bearer ""$AUTHORIZATION"' in curl(explanation)
    assert "canary" not in text(explanation) + mermaid(explanation) + curl(explanation)


def test_what_is_not_built_is_said_in_every_form(tmp_path: Path) -> None:
    explanation = explained(tmp_path, GOOD + "dpop: true\n")
    assert explanation.first == explanation.renewal == ()
    for written in (text(explanation), mermaid(explanation), curl(explanation)):
        assert "dpop: DPoP is not built yet" in written


def test_the_server_is_asked_for_its_metadata_and_for_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    with FakeServer() as server:
        path.write_text(GOOD.replace("https://idp.example", server.url))
        explanation = explain(str(path), discover=True)
        assert [request.path for request in server.requests] == [OPENID_CONFIGURATION]
    assert [exchange.address for exchange in explanation.first][1:] == [f"{server.url}/token", f"{server.url}/jwks"]
    assert "Note right of T: answered 200" in mermaid(explanation)
    assert not explanation.made_up


def test_an_answer_that_is_no_metadata_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    with FakeServer() as server:
        path.write_text(GOOD.replace("https://idp.example", server.url))
        server.script(OPENID_CONFIGURATION, Answer.html())
        with pytest.raises(ProtocolError):
            explain(str(path), discover=True)
        server.script(OPENID_CONFIGURATION, Answer.json({"issuer": "https://other.example"}))
        with pytest.raises(VerificationError):
            explain(str(path), discover=True)


def test_a_public_command_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="explain runs no command"):
        explained(tmp_path, GOOD.replace("id: a", "id: {command: [echo, b]}"))


def test_warnings_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    explained(tmp_path, GOOD + "scopes: [openid, api]\n")
    assert "openid" in caplog.text


def test_a_public_reference_is_shown_with_what_it_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP", "service")
    monkeypatch.setenv("ID", "given")
    profile = GOOD.replace("app_type: service", "app_type: {env: APP}").replace("id: a", "id: {env: ID}")
    explanation = explained(tmp_path, profile)
    assert explanation.value("client.id").shown == "{env: ID} = given"
    assert explanation.value("flow").origin == "app_type service"
    assert '--user given:"$S"' in curl(explanation)
