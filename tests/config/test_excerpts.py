from __future__ import annotations

import time

import pytest
from config.texts import SERVICE, interpreted

from tokenflow.config.excerpts import hide_secrets, hide_values, render
from tokenflow.config.reading import parse
from tokenflow.errors import Problem


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("a:", "a:"),
        ("a: ", "a:"),
        ("a: hunter2", "a: ***"),
        ("  a-b.c: x: y", "  a-b.c: ***"),
        ("  - a: x", "  - a: ***"),
        ("- - a: x", "- - a: ***"),
        ("{a: x, b: y}", "{a: ***"),
        ("  - {a: x}", "  - {a: ***"),
        ("[a: x]", "[a: ***"),
        ("a :\tx", "a : ***"),
        ("\ta: x", "\ta: ***"),
        ("", ""),
        ("# a: x", ""),
        ("- x", ""),
        ("a", ""),
        ("a:x", ""),
        ("x y: z", ""),
        ("x, y: z", ""),
        ("'a': x", ""),
        ("5a: x", ""),
        ("<<: x", ""),
    ],
)
def test_of_a_line_that_cannot_be_parsed_only_the_first_key_is_shown(line: str, shown: str) -> None:
    assert hide_values(line) == shown


@pytest.mark.parametrize("piece", [" ", "a", "-a", "- ", "\t", "a ", "- a ", "{[", "a:"])
def test_a_line_of_any_shape_takes_linear_time(piece: str) -> None:
    started = time.perf_counter()
    hide_values(piece * 100_000)
    assert time.perf_counter() - started < 1


def shown(line: str) -> list[tuple[str, int]]:
    """Return what is shown of a fifth line: the line and the caret's column, from 0, for each of its problems."""
    found = []
    for problem in interpreted(f"{SERVICE}{line}\n").problems:
        _, excerpt, caret = render(problem).splitlines()
        if problem.line == 5:
            found.append((excerpt.removeprefix("  5 | "), len(caret.removeprefix("    | ")) - 1))
    return found


@pytest.mark.parametrize(
    ("line", "excerpt", "carets"),
    [
        ("foo: hunter2", "foo: ***", [0]),
        ("http: {timeout: x, proxi: hunter2}", "http: {timeout: x, proxi: ***}", [16, 19]),
        ("token: {extra: {a: hunter2, b: h}, foo: 1}", "token: {extra: {a: ***, b: ***}, foo: ***}", [33]),
        ("token: {extra: {'a b': hunter2}, foo: 1}", "token: {extra: {******}, foo: ***}", [25]),
        ("token: {extra: {env: hunter2}, foo: 1}", "token: {extra: {env: ***}, foo: ***}", [27]),
        ("refresh_token: {file: rt.txt, x: 1}", "refresh_token: {file: rt.txt, x: ***}", [30]),
        ("refresh_token: {env: hunter2!}", "refresh_token: {env: ***}", [21]),
        ("refresh_token: {command: [pass, hunter2], x: 1}", "refresh_token: {command: [***, ***], x: ***}", [37]),
        ("assertion: {issuer: a, lifetime: 5x}", "assertion: {issuer: a, lifetime: 5x}", [11, 33]),
        ("redirect_uri: app:/?x=1 # a comment", "redirect_uri: app:/?x=1 # a comment", [14]),
        ("redirect_uri: app://u:hunter2@h/", "redirect_uri: app://***@h/", [14]),
        ("redirect_uri: app://@h/", "redirect_uri: app://@h/", [14]),
        ("redirect_uri: app://a/b@c:1/@h", "redirect_uri: app://***@h", [14]),
        ("store: redis://hunter2@h/", "store: ***", [7]),
        ("token: hunter2", "token: ***", [7]),
        ("dpop: 'no'", "dpop: 'no'", [6]),
        ('name: "\\u00e9\\e"', 'name: "\\u00e9\\e"', [6]),
        ('http: {proxy: "\u00a0", foo: 1}', 'http: {proxy: "\\xa0", foo: ***}', [14, 22]),
    ],
)
def test_the_caret_stands_under_the_problem_whatever_is_hidden_before_it(
    line: str, excerpt: str, carets: list[int]
) -> None:
    assert shown(line) == [(excerpt, caret) for caret in carets]


def test_lines_in_the_midst_of_a_secret_are_hidden_whole() -> None:
    document = parse(b"client:\n  secret: |\n    hunter2\n    hunter3\n  id: a\n", "p.yaml")
    lines = [
        hide_secrets(document, [Problem(file="p.yaml", line=number, column=1, message="m", excerpt=line)])[0].excerpt
        for number, line in enumerate(document.lines, start=1)
    ]
    assert lines == ["client:", "  secret: ***", "***", "***", "  id: a"]


def test_a_secret_that_begins_on_the_line_after_its_key_is_hidden() -> None:
    document = parse(b"client:\n  secret:\n    hunter2 and\n    more\n  'secret:hunter2': {a: 1}\n", "p.yaml")
    problems = [
        Problem(file="p.yaml", line=number, column=1, message="m", excerpt=document.lines[number - 1])
        for number in range(1, 6)
    ]
    assert [problem.excerpt for problem in hide_secrets(document, problems)] == [
        "client:",
        "  secret:",
        "    ***",
        "***",
        "  ***{a: ***}",
    ]


def test_a_problem_without_a_line_stays_as_it_is() -> None:
    document = parse(b"a: 1\n", "p.yaml")
    problem = Problem(file="p.yaml", message="m")
    assert hide_secrets(document, [problem]) == [problem]


def test_thousands_of_problems_on_one_line_take_linear_time() -> None:
    started = time.perf_counter()
    problems = interpreted(SERVICE + "scopes: [" + "5," * 3_000 + "]\n").problems
    text = "".join(map(render, problems))
    assert time.perf_counter() - started < 12  # some 0.6 s; it was 18
    assert len(problems) == 3_000
    assert len(text) < 1_500_000


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(file="p", message="m"), "p: m"),
        (Problem(file="p", message="m", severity="warning"), "p: warning: m"),
        (
            Problem(
                file="p", line=12, column=3, path="a", message="m", advice="do", excerpt="a: b", severity="warning"
            ),
            "p:12:3: warning: a: m; do\n  12 | a: b\n     |   ^",
        ),
        (Problem(file="p", line=1, column=1, message="m", excerpt="  "), "p:1:1: m"),
        (Problem(file="p", line=1, column=9, message="m", excerpt="a: b"), "p:1:9: m\n  1 | a: b\n    |     ^"),
        (
            Problem(file="p", line=1, column=9, caret=2, message="m", excerpt="a: b"),
            "p:1:9: m\n  1 | a: b\n    |  ^",
        ),
        (Problem(file="p", line=1, column=2, message="m", excerpt="\ta: b"), "p:1:2: m\n  1 |  a: b\n    |  ^"),
        (
            Problem(file="p", line=1, column=5, message="m", excerpt="x" * 200),
            f"p:1:5: m\n  1 | {'x' * 160}...\n    |     ^",
        ),
        (
            Problem(file="p", line=1, column=190, message="m", excerpt="x" * 200),
            f"p:1:190: m\n  1 | {'x' * 160}...\n    | {' ' * 163}^",
        ),
        (
            Problem(file="p\x1b", line=1, column=2, message="m\n\u202e", excerpt="\x9ba"),
            "p\\x1b:1:2: m\\n\\u202e\n  1 | \\x9ba\n    |     ^",
        ),
    ],
)
def test_f141_a_problem_as_people_read_it(problem: Problem, text: str) -> None:
    assert render(problem) == text
