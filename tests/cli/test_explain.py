"""`tokenflow explain`: values with their origins, the requests that are really sent, and never a secret."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest
from cli.command import SECRET, SECRET_VARIABLE, assert_clean, assert_succeeded
from support.fake_server import OPENID_CONFIGURATION, Answer, FakeServer

if TYPE_CHECKING:
    from cli.command import Tokenflow

GOOD: Final = "version: 1\napp_type: service\nissuer: https://idp.example\nclient: {id: a, secret: {env: S}}\n"
FORMS: Final = ((), ("--format", "mermaid"), ("--curl",))


def values(report: str) -> dict[str, tuple[str, str]]:
    """Read the section of values: path -> what is shown, and its origin."""
    section = report.partition("\n\n")[0].splitlines()[1:]
    rows = [re.split(r" {2,}", line.strip()) for line in section]
    return {path: (shown, origin) for path, shown, origin in rows}


def section(report: str, title: str) -> list[str]:
    (found,) = [part for part in report.rstrip().split("\n\n") if part.startswith(title)]
    return found.splitlines()[1:]


def test_every_value_has_its_origin(tokenflow: Tokenflow) -> None:
    tokenflow.write("company.yaml", "preset: itwin\nrefresh: {before_expiry: 10m}\n")
    text = "version: 1\npreset: ./company.yaml\napp_type: service\nclient: {id: {env: ID}, secret: {env: S}}\n"
    done = tokenflow("explain", tokenflow.write("p.yaml", text), env={"ID": "service-1"})
    assert (done.status, done.stderr) == (0, "")
    shown = values(done.stdout)
    file, preset = str(tokenflow.folder / "p.yaml"), str(tokenflow.folder / "company.yaml")
    assert shown["version"] == ("1", f"{file}:1")
    assert shown["name"] == ("p", "file name")
    assert shown["flow"] == ("client_credentials", "app_type service")
    assert shown["client.id"] == ("{env: ID} = service-1", f"{file}:4")
    assert shown["client.secret"] == ("{env: S}", f"{file}:4")
    assert shown["refresh.before_expiry"] == ("10m", f"{preset}:2")
    assert shown["refresh.min_validity"] == ("60s", "default")
    assert shown["dpop"] == ("false", "default")
    issuer, origin = shown["issuer"]
    assert issuer == "https://ims.bentley.com"
    assert re.fullmatch(r"preset itwin:\d+", origin)


def test_the_flow_and_why(tokenflow: Tokenflow) -> None:
    meant = tokenflow("explain", tokenflow.write("p.yaml", GOOD))
    said = tokenflow("explain", tokenflow.write("q.yaml", GOOD + "flow: refresh_token\nrefresh_token: {file: r}\n"))
    assert section(meant.stdout, "Flow")[0].startswith("  client_credentials, because that is what app_type service")
    assert re.match(
        r"  refresh_token, because \S*q\.yaml:5 says so; .*client_credentials", section(said.stdout, "Flow")[0]
    )


def test_nothing_is_sent_and_no_secret_is_needed_without_discover(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    for form in FORMS:
        done = tokenflow("explain", profile, *form, env={SECRET_VARIABLE: None})
        assert_succeeded(done)
        assert done.stdout
    assert server.requests == []
    assert tokenflow.stored() == {}


def test_endpoints_that_only_the_server_knows_are_named(tokenflow: Tokenflow) -> None:
    done = tokenflow("explain", tokenflow.write("p.yaml", GOOD))
    second = "https://idp.example/.well-known/oauth-authorization-server"
    condition = "only if the access token is a JWT of this issuer (verify.access_token: auto)"
    assert [line for line in section(done.stdout, "Requests, with nothing") if re.match(r"  \d", line)] == [
        f"  1. GET https://idp.example/.well-known/openid-configuration  (where it is not found, then GET {second})",
        "  2. POST <token_endpoint of https://idp.example>",
        f"  3. GET <jwks_uri of https://idp.example>  ({condition})",
    ]
    assert "tokenflow.invalid" not in done.stdout


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
def test_the_requests_are_those_that_are_sent(tokenflow: Tokenflow, auth_method: str) -> None:
    client = {"id": "service", "secret": {"env": SECRET_VARIABLE}, "auth_method": auth_method}
    with FakeServer(signed=True, refresh_tokens="rotating") as server:
        profile = tokenflow.profile(server.url, client=client, token={"extra": {"tenant": "t"}})
        explained = tokenflow("explain", profile, "--discover")
        asked = len(server.requests)
        assert asked == 1
        assert_succeeded(tokenflow("token", profile))
        assert_succeeded(tokenflow("token", profile, "--refresh"))
        sent = server.requests[asked:]
    first, later = section(explained.stdout, "Requests, with nothing"), section(explained.stdout, "Requests, later")
    said = re.findall(r"^  \d+\. (\w+) (\S+)", "\n".join(first), re.MULTILINE)
    assert [(method, urlsplit(url).path) for method, url in said] == [(one.method, one.path) for one in sent[:3]]
    for told, request in ((first, sent[1]), (later, [one for one in sent if one.path == "/token"][1])):
        parameters = dict(line.strip().split("=", 1) for line in told if re.match(r" {7}\w+=", line))
        assert parameters.keys() == request.form.keys()
        assert all(value in ("***", request.form[name]) for name, value in parameters.items())
        assert ("       Authorization: Basic ***" in told) is (request.basic is not None)


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")
@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
def test_the_curl_commands_run(tokenflow: Tokenflow, auth_method: str) -> None:
    client = {"id": "my service", "secret": {"env": SECRET_VARIABLE}, "auth_method": auth_method}
    with FakeServer(clients={"my service": SECRET}, signed=True, refresh_tokens="kept") as server:
        profile = tokenflow.profile(server.url, client=client, scopes=["it's", "$(x)"], audience="é\\ `x`")
        script = tokenflow("explain", profile, "--discover", "--curl").stdout
        assert SECRET not in script
        before, renewal = script.split("# Requests, later")
        asked = len(server.requests)
        for part in (before, renewal.partition("\n")[2]):
            refresh = next(iter(server.live_refresh_tokens))
            env = tokenflow.environment | {"REFRESH_TOKEN": refresh}
            done = subprocess.run(["bash", "-euc", part], env=env, capture_output=True, timeout=20, check=False)
            assert done.returncode == 0, done.stderr
        sent = server.requests[asked:]
    assert [request.path for request in sent] == [OPENID_CONFIGURATION, "/token", "/jwks", "/token"]
    assert sent[1].client == sent[3].client == ("my service", SECRET)
    assert sent[1].form["scope"] == "it's $(x)"
    assert sent[1].form["audience"] == "é\\ `x`"
    assert sent[3].form["grant_type"] == "refresh_token"
    assert all(request.headers["accept"] == "application/json" for request in sent)
    assert len(server.issued) == 2


def test_without_discover_curl_takes_the_endpoint_as_a_variable(tokenflow: Tokenflow) -> None:
    done = tokenflow("explain", "--curl", tokenflow.write("p.yaml", GOOD))
    assert 'curl "$TOKEN_ENDPOINT"' in done.stdout
    assert '--user a:"$S"' in done.stdout
    assert "# S: client.secret: {env: S}" in done.stdout


def test_one_of_two_forms_at_a_time(tokenflow: Tokenflow) -> None:
    done = tokenflow("explain", "--curl", "--format", "mermaid", tokenflow.write("p.yaml", GOOD))
    assert_clean(done)
    assert done.status == 2


def test_mermaid(tokenflow: Tokenflow) -> None:
    odd = "audience: 'https://api.example/#a;b %%{x}%% <b>'\n"
    done = tokenflow("explain", "--format", "mermaid", tokenflow.write("p.yaml", GOOD + odd))
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        "sequenceDiagram",
        "    participant T as tokenflow",
        "    participant S1 as https://idp.example",
    ]
    assert "audience=https://api.example/#35;a#59;b #37;#37;#123;x#125;#37;#37; #60;b#62;" in done.stdout
    opened = [line.split()[0] for line in lines if line.strip().startswith("opt ") or line.strip() == "end"]
    assert opened == ["opt", "end", "opt", "end"]
    plain = r"[^;#{}<>]*((#\d+;|<br/>)[^;#{}<>]*)*"
    kinds = rf"    ((T->>S1|S1-->>T|Note (over|right of) T): |opt ){plain}|    end"
    assert [line for line in lines[3:] if not re.fullmatch(kinds, line)] == []


@pytest.mark.parametrize("form", FORMS)
def test_a_flow_that_is_not_built_is_said_to_be_so(tokenflow: Tokenflow, form: tuple[str, ...]) -> None:
    text = "version: 1\napp_type: device\nissuer: https://idp.example\nclient: {id: a}\ndpop: true\nscopes: [x]\n"
    done = tokenflow("explain", *form, "--discover", tokenflow.write("p.yaml", text))
    assert (done.status, done.stderr) == (0, "")
    assert "not built yet in this version, so nothing would be sent" in done.stdout
    assert "dpop: DPoP is not built yet" in done.stdout
    assert "curl " not in done.stdout
    assert "T->>" not in done.stdout
    if not form:
        assert values(done.stdout)["scopes"][0] == "[x]"


@pytest.mark.parametrize("form", FORMS)
def test_no_secret_is_shown_whatever_form_it_has(tokenflow: Tokenflow, form: tuple[str, ...]) -> None:
    canaries = [secrets.token_hex(12) for _ in range(6)]
    text = (
        f"version: 1\napp_type: service\nissuer: https://idp.example\nflow: refresh_token\n"
        f"client: {{id: a, secret: {canaries[0]}, auth_method: client_secret_post}}\n"
        f"refresh_token: {canaries[1]}\ntoken: {{extra: {{x: {canaries[2]}, y: {{command: [echo, {canaries[3]}]}}}}}}\n"
        f"http: {{proxy: 'http://user:{canaries[4]}@proxy.example:8080'}}\n"
    )
    path = tokenflow.write("p.yaml", text)
    path.chmod(0o600)
    done = tokenflow("-vv", "explain", *form, path)
    assert_succeeded(done)
    assert not [one for one in canaries if one in done.stdout + done.stderr]
    assert "stand-in" not in done.stdout
    if form == ("--curl",):
        for name in ("CLIENT_SECRET", "REFRESH_TOKEN", "TOKEN_EXTRA_X", "TOKEN_EXTRA_Y", "PROXY"):
            assert f'"${name}"' in done.stdout
            assert f"# {name}: " in done.stdout
    if not form:
        shown = values(done.stdout)
        assert [shown[path][0] for path in ("client.secret", "refresh_token", "token.extra.x")] == ["***"] * 3
        assert "user" not in shown["http.proxy"][0]


def test_a_profile_that_is_wrong_is_reported_as_everywhere(tokenflow: Tokenflow) -> None:
    wrong = tokenflow("explain", tokenflow.write("p.yaml", GOOD + "scope: x\n"))
    missing = tokenflow("explain", "nowhere.yaml")
    unset = tokenflow("explain", tokenflow.write("u.yaml", GOOD.replace("id: a", "id: {env: UNSET}")))
    for done, said in ((wrong, "p.yaml:5:1: scope: "), (missing, "nowhere.yaml: there is no such"), (unset, "UNSET")):
        assert_clean(done)
        assert done.status == 2
        assert said in done.stderr


def test_what_only_the_flow_finds_wrong_is_reported_too(tokenflow: Tokenflow) -> None:
    done = tokenflow("explain", tokenflow.write("p.yaml", GOOD + "token: {extra: {grant_type: x}}\n"))
    assert_clean(done)
    assert done.status == 2
    assert "token.extra.grant_type" in done.stderr


def test_no_command_is_run(tokenflow: Tokenflow) -> None:
    secret = GOOD.replace("{env: S}", "{command: [touch, ran]}")
    assert_succeeded(tokenflow("explain", tokenflow.write("p.yaml", secret)))
    public = tokenflow("explain", tokenflow.write("q.yaml", GOOD.replace("id: a", "id: {command: [touch, ran]}")))
    assert_clean(public)
    assert public.status == 2
    assert "explain runs no command" in public.stderr
    assert not (tokenflow.folder / "ran").exists()


def test_warnings_go_to_stderr(tokenflow: Tokenflow) -> None:
    done = tokenflow("explain", tokenflow.write("p.yaml", GOOD + "scopes: [openid, api]\n"))
    assert done.status == 0
    assert "openid" in done.stderr
    assert "warning: " not in done.stdout


def test_discovery_fails_as_it_does_for_run(tokenflow: Tokenflow, closed_port: int) -> None:
    with FakeServer() as server:
        server.script(OPENID_CONFIGURATION, Answer.json({"issuer": "https://other.example"}))
        other = tokenflow("explain", "--discover", tokenflow.profile(server.url))
    nobody = tokenflow("explain", "--discover", tokenflow.profile(f"http://127.0.0.1:{closed_port}"))
    for done, status in ((other, 6), (nobody, 5)):
        assert_clean(done)
        assert done.status == status


def test_discovery_tells_both_places_where_it_asked(tokenflow: Tokenflow) -> None:
    with FakeServer() as server:
        server.script(OPENID_CONFIGURATION, Answer.html(404))
        done = tokenflow("explain", "--discover", tokenflow.profile(server.url))
    told = "\n".join(section(done.stdout, "Requests, with nothing"))
    assert re.findall(r"GET \S+/\.well-known/(\S+)  \(answered (\d+)\)", told) == [
        ("openid-configuration", "404"),
        ("oauth-authorization-server", "200"),
    ]


def test_the_embedded_issuer_starts_only_to_be_asked(tokenflow: Tokenflow) -> None:
    profile = tokenflow.profile("embedded", client={"id": "a", "secret": {"env": "S"}})
    quiet, asked = tokenflow.at_once(("explain", profile), ("explain", profile, "--discover"))
    assert (quiet.status, quiet.stderr) == (0, "")
    assert "POST <token_endpoint of the embedded issuer>" in quiet.stdout
    assert "GET http://127.0.0.1:PORT/.well-known/openid-configuration" in quiet.stdout
    assert_succeeded(asked)
    assert re.search(r"POST http://127\.0\.0\.1:\d+/token\n", asked.stdout)
