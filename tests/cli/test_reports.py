"""`tokenflow validate --format github|sarif` and `--explain`; text and JSON are in test_validate.py."""

from __future__ import annotations

import json
import re
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import tokenflow as package
from tokenflow.cli.reports import REPORTS, Checked
from tokenflow.cli.rule_pages import WIDTH, known_rule, rule_page
from tokenflow.config.rules import EXPLANATIONS, RULES
from tokenflow.errors import Problem

if TYPE_CHECKING:
    from cli.command import Tokenflow

HEAD: Final = "version: 1\napp_type: service\nissuer: https://idp.example\nclient: {id: a, secret: {env: S}}\n"
WRONG: Final = HEAD + "scope: [api]\nscopes: [openid]\n"
UNKNOWN_KEY: Final = "scope: there is no such key in a profile; did you mean `scopes`?"


def report(name: str, *problems: Problem) -> str:
    return REPORTS[name](Checked(("p.yaml",), problems))


def sarif(*problems: Problem) -> dict[str, Any]:
    log = json.loads(report("sarif", *problems))
    assert isinstance(log, dict)
    return log


def test_github_shows_each_problem_at_its_line(tokenflow: Tokenflow) -> None:
    tokenflow.write("folder/wrong.yaml", WRONG)
    done = tokenflow("validate", "--format", "github", "folder")
    assert (done.status, done.stderr) == (2, "")
    error, warning, summary = done.stdout.splitlines()
    assert error == f"::error file=folder/wrong.yaml,line=5,col=1,title=unknown-key::{UNKNOWN_KEY}"
    assert warning.startswith(
        "::warning file=folder/wrong.yaml,line=6,col=9,title=scopes-fit-client-credentials::scopes: "
    )
    assert summary == "1 profile checked: 1 error, 1 warning"


def test_nothing_in_a_profile_ends_a_workflow_command_or_begins_one() -> None:
    problem = Problem(file="a,b:c%.yaml", line=1, column=2, message="100% :\r\n::error::x", rule="yaml")
    command, summary = report("github", problem).splitlines()
    assert command == "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=yaml::100%25 :\\r\\n::error::x"
    assert summary == "1 profile checked: 1 error, 0 warnings"


def test_a_problem_of_a_file_as_a_whole_has_no_line_on_github() -> None:
    assert report("github", Problem(file="p.yaml", message="is empty", rule="yaml")).startswith(
        "::error file=p.yaml,title=yaml::is empty\n"
    )


def test_a_line_end_that_is_no_control_character_is_escaped_too() -> None:
    assert "%0A" not in report("github", Problem(file="p.yaml", message="a\u2028b"))
    assert "\u2028" not in report("github", Problem(file="p.yaml", message="a\u2028b"))


def test_sarif_has_its_version_its_tool_and_every_rule(tokenflow: Tokenflow) -> None:
    done = tokenflow("validate", "--format", "sarif", tokenflow.write("good.yaml", HEAD))
    assert (done.status, done.stderr) == (0, "")
    log = json.loads(done.stdout)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("tokenflow", package.__version__)
    assert [rule["id"] for rule in driver["rules"]] == list(EXPLANATIONS)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning")
    assert run["results"] == []


def test_sarif_has_a_result_for_every_problem(tokenflow: Tokenflow) -> None:
    tokenflow.write("a folder/wrong.yaml", WRONG)
    done = tokenflow("validate", "--format", "sarif", "a folder")
    assert done.status == 2
    (run,) = json.loads(done.stdout)["runs"]
    error, warning = run["results"]
    rules = run["tool"]["driver"]["rules"]
    for result, name, level in ((error, "unknown-key", "error"), (warning, "scopes-fit-client-credentials", "warning")):
        assert (result["ruleId"], result["level"]) == (name, level)
        assert rules[result["ruleIndex"]]["id"] == name
    assert error["message"]["text"] == UNKNOWN_KEY
    (location,) = error["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20folder/wrong.yaml"},
        "region": {"startLine": 5, "startColumn": 1},
    }
    assert run["columnKind"] == "unicodeCodePoints"  # columns count letters, as in every other report


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("/a b/p.yaml", "file:///a%20b/p.yaml"),
        ("é#?.yaml", "%C3%A9%23%3F.yaml"),
        ("\udcff.yaml", "%FF.yaml"),
    ],
)
def test_sarif_names_any_file_by_an_address(file: str, uri: str) -> None:
    log = sarif(Problem(file=file, message="is empty", rule="yaml"))
    physical = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert physical == {"artifactLocation": {"uri": uri}}  # and no region, where there is no line
    assert urllib.parse.urlsplit(uri).path.endswith(".yaml")


def test_sarif_takes_a_problem_that_breaks_no_rule() -> None:
    (result,) = sarif(Problem(file="p.yaml", message="x"))["runs"][0]["results"]
    assert "ruleId" not in result
    assert "ruleIndex" not in result


@pytest.mark.parametrize("name", REPORTS)
def test_no_report_holds_a_secret_or_a_raw_control_character(name: str, tokenflow: Tokenflow) -> None:
    tokenflow.write("p.yaml", HEAD.replace("{env: S}", "hunter2") + '"sco\\e[31mpe\\u202e": hunter2\n')
    done = tokenflow("validate", "--format", name, "p.yaml")
    assert (done.status, done.stderr) == (2, "")
    assert "hunter2" not in done.stdout
    assert not set(done.stdout) & {"\x1b", "\u202e"}


@pytest.mark.parametrize("name", REPORTS)
def test_strict_counts_warnings_in_every_format(name: str, tokenflow: Tokenflow) -> None:
    tokenflow.write("p.yaml", HEAD + "scopes: [openid]\n")
    lenient, strict = tokenflow.at_once(
        ("validate", "--format", name, "p.yaml"), ("validate", "--strict", "--format", name, "p.yaml")
    )
    assert (lenient.status, strict.status) == (0, 2)
    assert lenient.stdout == strict.stdout


def test_every_rule_is_explained_to_people(tokenflow: Tokenflow) -> None:
    done = tokenflow("validate", "--explain", "redirect-uri-has-no-fragment")
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.startswith("redirect-uri-has-no-fragment (error)\n")
    for wanted in ("Why: ", "Write: ", "RFC 6749 section 3.1.2"):
        assert wanted in done.stdout


def test_without_a_name_all_rules_are_listed(tokenflow: Tokenflow) -> None:
    bare, named = tokenflow.at_once(("validate", "--explain"), ("validate", "--explain", "all"))
    assert (bare.status, bare.stdout) == (0, named.stdout)
    assert [line.split()[0] for line in bare.stdout.splitlines()] == list(EXPLANATIONS)


def test_an_unknown_rule_is_a_usage_error_with_a_suggestion(tokenflow: Tokenflow) -> None:
    near, far = tokenflow.at_once(("validate", "--explain", "redirct_uri_is_named"), ("validate", "--explain", "xyz"))
    assert (near.status, near.stdout, far.status, far.stdout) == (2, "", 2, "")
    assert "there is no rule `redirct_uri_is_named`; did you mean `redirect-uri-is-named`?" in near.stderr
    assert "`tokenflow validate --explain` lists them" in far.stderr


def test_without_an_explanation_a_path_is_still_needed(tokenflow: Tokenflow) -> None:
    done = tokenflow("validate", "--strict")
    assert (done.status, done.stdout) == (2, "")
    assert "PATH" in done.stderr


def test_an_explanation_for_programs() -> None:
    (page,) = json.loads(rule_page("keys-are-used", as_json=True))
    assert list(page) == ["id", "severity", "title", "why", "write", "section"]
    assert page["severity"] == "warning"
    assert len(json.loads(rule_page("all", as_json=True))) == len(EXPLANATIONS)


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_an_explanation_is_whole_and_fits_a_terminal(name: str) -> None:
    each = EXPLANATIONS[name]
    assert known_rule(name) == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    for text in (each.title, each.section):
        assert text
        assert not text.endswith(".")
    for text in (each.why, each.write):
        assert len(text) > 25  # a sentence, or an example
        assert "  " not in text
    assert all(len(line) <= WIDTH for line in rule_page(name, as_json=False).splitlines())


def test_there_are_at_least_thirty_rules_across_keys_and_no_two_of_one_name() -> None:
    assert len(RULES) >= 30
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_every_id_that_a_problem_is_given_anywhere_is_explained() -> None:
    sources = (Path(package.__file__).parent / "config").rglob("*.py")
    given = {name for source in sources for name in re.findall(r'rule="([^"]*)"', source.read_text())}
    assert given
    assert given <= EXPLANATIONS.keys()
