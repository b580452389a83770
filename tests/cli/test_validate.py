"""`tokenflow validate`: the report, its forms and its exit status (SPEC, section 1). See also test_bad_profiles.py."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from cli.command import REPOSITORY

if TYPE_CHECKING:
    from cli.command import Tokenflow

GOOD = "version: 1\napp_type: service\nissuer: https://idp.example\nclient: {id: a, secret: {env: S}}\n"
WARNED = GOOD + "scopes: [openid, api]\n"
WRONG = GOOD + "scope: [api]\nflow: client_credental\n"


def test_good_profiles_need_no_variable_and_no_server(tokenflow: Tokenflow) -> None:
    done = tokenflow("validate", tokenflow.write("good.yaml", GOOD))
    assert (done.status, done.stderr) == (0, "")


def test_the_projects_own_profiles_are_valid(tokenflow: Tokenflow) -> None:
    assert tokenflow("validate", REPOSITORY / "profiles").status == 0


def test_each_problem_has_its_place_the_line_and_a_caret_and_a_suggestion(tokenflow: Tokenflow) -> None:
    tokenflow.write("wrong.yaml", WRONG)
    done = tokenflow("validate", "wrong.yaml")
    assert (done.status, done.stderr) == (2, "")
    lines = done.stdout.splitlines()
    for line, column, key, suggestion in ((5, 1, "scope", "scopes"), (6, 7, "flow", "client_credentials")):
        (at,) = [n for n, text in enumerate(lines) if text.startswith(f"wrong.yaml:{line}:{column}: {key}: ")]
        assert re.search(rf"; .*did you mean `?{suggestion}", lines[at])
        shown = WRONG.splitlines()[line - 1]
        begin = lines[at + 1].index(shown[: shown.index(":") + 1])  # values may be masked
        assert lines[at + 2].index("^") - begin == column - 1


def test_the_caret_stands_right_behind_tabs_and_wide_letters(tokenflow: Tokenflow) -> None:
    tokenflow.write("wide.yaml", GOOD + 'verify: {audience: "日本é", scope: x}\n')
    done = tokenflow("validate", "wide.yaml")
    assert done.status == 2
    assert re.search(r"^wide\.yaml:5:27: verify\.scope: ", done.stdout, re.MULTILINE), done.stdout


def test_all_problems_of_all_files_and_folders_at_once(tokenflow: Tokenflow) -> None:
    tokenflow.write("wrong.yaml", WRONG)
    tokenflow.write("folder/a.yaml", WRONG)
    tokenflow.write("folder/b.yml", "[")
    tokenflow.write("folder/good.yaml", GOOD)
    tokenflow.write("folder/notes.txt", "no profile")
    done = tokenflow("validate", "wrong.yaml", "folder")
    assert done.status == 2
    places = re.findall(r"^(\S+?):(\d+):\d+: ", done.stdout, re.MULTILINE)
    assert {("wrong.yaml", "5"), ("wrong.yaml", "6"), ("folder/a.yaml", "5"), ("folder/a.yaml", "6")} <= set(places)
    assert any(name == "folder/b.yml" for name, _ in places)
    assert "notes.txt" not in done.stdout


def test_warnings_fail_only_a_strict_check(tokenflow: Tokenflow) -> None:
    tokenflow.write("warned.yaml", WARNED)
    lenient, strict = tokenflow.at_once(("validate", "warned.yaml"), ("validate", "--strict", "warned.yaml"))
    assert (lenient.status, strict.status) == (0, 2)
    for done in (lenient, strict):
        assert re.search(r"^warned\.yaml:5:\d+: .*openid", done.stdout, re.MULTILINE)
        assert "warning" in done.stdout


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (GOOD + "scopes: [offline_access, api]\n", "offline_access"),
        (GOOD.replace("{env: S}", "hunter2"), "client.secret"),
        (
            "version: 1\napp_type: desktop\nissuer: https://idp.example\nclient: {id: a, secret: {env: S}}\n",
            "client.secret",
        ),
        (
            "version: 1\napp_type: mobile\nissuer: https://idp.example\nclient: {id: a}\nredirect_uri: app:/back\n",
            "redirect_uri",
        ),
    ],
)
def test_what_is_unwise_is_warned_of_and_no_secret_is_shown(tokenflow: Tokenflow, text: str, about: str) -> None:
    done = tokenflow("validate", tokenflow.write("p.yaml", text))
    assert done.status == 0, done.stdout
    assert about in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_json_for_machines(tokenflow: Tokenflow) -> None:
    tokenflow.write("folder/wrong.yaml", WRONG)
    tokenflow.write("folder/warned.yaml", WARNED)
    done = tokenflow("validate", "--format", "json", "folder")
    assert (done.status, done.stderr) == (2, "")
    text = json.dumps(json.loads(done.stdout))
    for wanted in (
        "wrong.yaml",
        "warned.yaml",
        '"scope"',
        '"flow"',
        '"error"',
        '"warning"',
        '"line": 5',
        '"column": 7',
    ):
        assert wanted in text, wanted
    good = tokenflow("validate", "--format", "json", tokenflow.write("good.yaml", GOOD))
    assert good.status == 0
    json.loads(good.stdout)


def test_two_profiles_of_one_name_in_a_folder_are_an_error(tokenflow: Tokenflow) -> None:
    tokenflow.write("folder/a.yaml", GOOD + "name: same\n")
    tokenflow.write("folder/b.yaml", GOOD + "name: same\n")
    tokenflow.write("folder/same.yaml", GOOD)
    done = tokenflow("validate", "folder")
    assert done.status == 2
    assert "same" in done.stdout
    mentioned = [name for name in ("a.yaml", "b.yaml", "same.yaml") if f"folder/{name}" in done.stdout]
    assert len(mentioned) >= 2


def test_one_name_in_two_folders_is_none(tokenflow: Tokenflow) -> None:
    tokenflow.write("one/a.yaml", GOOD + "name: same\n")
    tokenflow.write("two/a.yaml", GOOD + "name: same\n")
    assert tokenflow("validate", "one", "two").status == 0


def test_a_folder_without_profiles_is_said_to_be_one(tokenflow: Tokenflow) -> None:
    (tokenflow.folder / "empty").mkdir()
    done = tokenflow("validate", "empty")
    assert done.status == 2
    assert "empty" in done.stdout + done.stderr


def test_hostile_letters_of_a_file_are_shown_escaped_f141(tokenflow: Tokenflow) -> None:
    tokenflow.write("p.yaml", GOOD + '"sco\\e[31mpe\\u202e": x\n')
    done = tokenflow("validate", "p.yaml")
    assert done.status == 2
    assert not set(done.stdout) & {"\x1b", "\u202e"}


def test_scalars_are_what_was_written_f125_f126_f127(tokenflow: Tokenflow) -> None:
    odd = "scopes: [no, on, 22:22, 1.10, 2026-11-23, 0x10, 1e3, .nan, y, 0600]\n"
    done = tokenflow("validate", tokenflow.write("p.yaml", GOOD + odd))
    assert done.status == 0, done.stdout


def test_windows_line_ends_and_a_mark_at_the_head_are_taken_f133(tokenflow: Tokenflow) -> None:
    text = WRONG.replace("\n", "\r\n").encode()
    done = tokenflow("validate", tokenflow.write("p.yaml", b"\xef\xbb\xbf" + text))
    assert done.status == 2
    assert re.search(r"p\.yaml:5:1: scope: ", done.stdout)
    assert re.search(r"p\.yaml:6:7: flow: ", done.stdout)
