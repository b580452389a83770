from __future__ import annotations

import pytest
from config.texts import SERVICE, interpreted

from tokenflow.config.interpretation import Interpretation, clashes


def test_a_good_profile_has_a_name_and_no_problem() -> None:
    interpretation = interpreted(SERVICE, file="folder/itwin.reports.yaml")
    assert interpretation.name == "itwin.reports"
    assert interpretation.problems == interpretation.errors == ()
    assert interpretation.profile is not None
    assert interpretation.profile.name == "itwin.reports"


@pytest.mark.parametrize(
    ("line", "name"),
    [("name: other", "other"), ("name: Wrong Name", "Wrong Name"), ("name: 5", "p"), ("name: {env: N}", "p")],
)
def test_the_name_is_the_one_written_or_the_stem_of_the_file(line: str, name: str) -> None:
    assert interpreted(f"{SERVICE}{line}\n").name == name


def test_problems_of_all_layers_come_at_once_in_file_order_and_are_rendered_safely() -> None:
    text = """\
version: 1
app_type: service
issuer: http://as.example
client: {id: {env: ID}, secret: hunter2}
scopes: [openid]
http: {timeout: soon}
scope: x
"""
    interpretation = interpreted(text)
    assert interpretation.profile is None
    assert [(each.line, each.column, each.path, each.rule, each.severity) for each in interpretation.problems] == [
        (3, 9, "issuer", "addresses-are-safe", "error"),
        (4, 14, "client.id", "reference", "error"),
        (4, 33, "client.secret", "secret-written-out", "warning"),
        (5, 9, "scopes", "scopes-fit-client-credentials", "warning"),
        (6, 17, "http.timeout", "wrong-value", "error"),
        (7, 1, "scope", "unknown-key", "error"),
    ]
    assert [problem.path for problem in interpretation.errors] == ["issuer", "client.id", "http.timeout", "scope"]
    assert not any("hunter2" in f"{problem}{problem.excerpt}" for problem in interpretation.problems)


def test_a_profile_with_nothing_but_warnings_is_built() -> None:
    interpretation = interpreted(SERVICE.replace("{env: S}", "hunter2"))
    assert [problem.severity for problem in interpretation.problems] == ["warning"]
    assert interpretation.profile is not None


def checked(**texts: str) -> dict[str, Interpretation]:
    files = {name.replace("__", "/").replace("_yaml", ".yaml"): text for name, text in texts.items()}
    return clashes({file: interpreted(text, file=file) for file, text in files.items()})


def test_two_profiles_of_one_name_in_a_folder_are_an_error_at_the_second() -> None:
    found = checked(d__a_yaml=SERVICE, d__b_yaml=SERVICE + "name: a\n", d__c_yaml=SERVICE, e__a_yaml=SERVICE)
    assert list(found) == ["d/a.yaml", "d/b.yaml", "d/c.yaml", "e/a.yaml"]
    assert [file for file, interpretation in found.items() if interpretation.profile is None] == ["d/b.yaml"]
    [problem] = found["d/b.yaml"].problems
    assert str(problem) == (
        "d/b.yaml:5:7: name: `a` is also the name of d/a.yaml; give each profile in a folder its own name"
    )
    assert (problem.rule, problem.severity) == ("names-are-unique", "error")
    assert all(not interpretation.problems for file, interpretation in found.items() if file != "d/b.yaml")


def test_every_further_one_is_told_of_the_first_beside_what_else_is_wrong() -> None:
    found = checked(a_yaml=SERVICE, b_yaml=SERVICE + "name: a\nfoo: x\n", c_yaml=SERVICE + "name: a\n")
    assert [str(problem) for problem in found["b.yaml"].problems] == [
        "b.yaml:6:1: foo: there is no such key in a profile; remove it; `tokenflow schema` prints all keys",
        "b.yaml: name: `a` is also the name of a.yaml; give each profile in a folder its own name",
    ]
    assert "is also the name of a.yaml" in str(found["c.yaml"].problems[0])
