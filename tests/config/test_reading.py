from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from config.texts import FILE, SERVICE

from tokenflow.config.excerpts import render
from tokenflow.config.reading import LARGEST, parse, plain_value, read
from tokenflow.errors import ProfileError

if TYPE_CHECKING:
    from tokenflow.errors import Problem


def refusal(text: str | bytes) -> Problem:
    """Return the one problem with which a text is refused."""
    with pytest.raises(ProfileError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), FILE)
    [problem] = caught.value.problems
    assert problem.rule == "yaml"
    assert problem.severity == "error"
    return problem


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("300", 300),
        ("9" * 18, int("9" * 18)),
        *(
            (text, text) for text in ("no", "No", "NO", "on", "off", "yes", "y", "True", "TRUE", "Null", "NULL")
        ),  # F-125
        *((text, text) for text in ("22:22", "12:30:45")),  # F-126
        *((text, text) for text in ("0600", "00", "0x1F", "0o17", "1_000", "1.10", "1e3", "+1", "-1")),  # F-127
        *((text, text) for text in ("2026-11-23", "2026-11-23T10:00:00Z")),  # F-127
        *((text, text) for text in (".inf", "-.inf", ".nan", "NaN")),  # F-134
        ("9" * 19, "9" * 19),
        ("\u0661\u0662", "\u0661\u0662"),  # digits, but not decimal ones of ASCII
    ],
)
def test_f125_f126_f127_f134_a_plain_scalar_is_what_was_written(written: str, meant: object) -> None:
    value = plain_value(written)
    assert value == meant
    assert type(value) is type(meant)
    if len(written) < 19:
        document = parse(f"a: {written}\nb: '{written}'\nc: [{written}]\n".encode(), FILE)
        items = [] if written == "" else [meant]
        assert document.data == {"a": meant, "b": written, "c": items}
        assert type(document.data["a"]) is type(meant)


def test_f125_keys_are_texts_as_they_are_written() -> None:
    document = parse(b"no: 1\n5: 2\n'true': 3\n2026-11-23: 4\n~: 5\n'<<': 6\n", FILE)
    assert document.data == {"no": 1, "5": 2, "true": 3, "2026-11-23": 4, "~": 5, "<<": 6}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: |\n  x\n  y\n", "x\ny\n"),
        ("a: >-\n  x\n  y\n", "x y"),
        ('a: "\\u00e9\\n"\n', "é\n"),
        ("a: [1, [b, {c: d}]]\n", [1, ["b", {"c": "d"}]]),
        ("a: {}\n", {}),
        ("a: []\n", []),
        ("a: 5m # a comment\n", "5m"),
        ("a: p#q\n", "p#q"),
        ("%YAML 1.1\n---\na: 1\n...\n", 1),
    ],
)
def test_yaml_that_profiles_use_is_taken(text: str, data: object) -> None:
    assert parse(text.encode(), FILE).data == {"a": data}


def test_an_alias_stands_for_a_value_of_any_kind_above_it() -> None:
    document = parse(b"a: &one 1\nb: &many {c: [x, *one]}\nd: *many\ne: *one\nf: &empty\n", FILE)
    assert document.data == {"a": 1, "b": {"c": ["x", 1]}, "d": {"c": ["x", 1]}, "e": 1, "f": None}


PLACES = "a: 1\nb:\n  - {c: x}\n  - |\n    y\n"


@pytest.mark.parametrize("text", [PLACES, PLACES.replace("\n", "\r\n"), "\ufeff" + PLACES], ids=["LF", "CRLF", "BOM"])
def test_f133_places_are_the_same_with_any_line_end_and_a_byte_order_mark(text: str) -> None:
    document = parse(text.encode(), FILE)
    assert document.data == {"a": 1, "b": [{"c": "x"}, "y\n"]}
    assert {place.path: (place.line, place.column) for place in map(document.place, document.spots)} == {
        "": (1, 1),
        "a": (1, 4),
        "b": (3, 3),
        "b[0]": (3, 5),
        "b[0].c": (3, 9),
        "b[1]": (4, 5),
    }
    assert document.lines == ["a: 1", "b:", "  - {c: x}", "  - |", "    y"]


HEAD = "version: 1\n"
ADVICE = "begin with `version: 1` and `app_type: service`"
CHECK = "indent it like the keys of the same section, and check the quotes above"
KEY = "write `key: value`; a variable is `{env: NAME}`"
QUOTE = 'put it in quotes: "..."'
PLAIN = "remove it: profiles hold plain values; quote one that begins with `!`"
HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "F-122 billion laughs": (
        "a0: &a0 [x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
        + "a: *a9\n",
        ":5:30: holds more than 10000 values once aliases are expanded; shorten it",
    ),
    "F-122 ten thousand values": (
        "a: [" + "x," * 10_000 + "]\n",
        ":1:20003: holds more than 10000 values once aliases are expanded; shorten it",
    ),
    "F-123 merge bomb": (
        "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 26)),
        ":2:10: merge keys (`<<`) are not taken; write the keys out, or use `preset:`",
    ),
    "F-124 a key twice": ("a: 1\nb: 2\na: 3\n", ":3:1: the key `a` stands twice, first on line 1; remove one of them"),
    "F-124 a key twice below": (
        "a: {b: 1, \n 'b': 2}\n",
        ":2:2: the key `b` stands twice, first on line 1; remove one of them",
    ),
    "F-128 5000 digits": (
        f"http: {{timeout: {'9' * 5000}}}\n",
        ':1:17: http.timeout: this number is too large; if it is a name, quote it: "..."',
    ),
    "F-128 19 digits in a list": (
        f"scopes: [a, {'9' * 19}]\n",
        ':1:13: scopes[1]: this number is too large; if it is a name, quote it: "..."',
    ),
    "F-129 depth": ("a: " + "[" * 900 + "]" * 900, ":1:35: is nested deeper than 32 levels; flatten it"),
    "F-129 depth of mappings": ("{a: " * 40 + "1" + "}" * 40, ":1:129: is nested deeper than 32 levels; flatten it"),
    "F-129 depth by lines": (
        "\n".join(" " * n + "a:" for n in range(40)),
        ":33:33: is nested deeper than 32 levels; flatten it",
    ),
    "F-129 only opened": ("[" * 100_000, ":1:33: is nested deeper than 32 levels; flatten it"),
    "F-130 a cycle in a list": (
        "a: &a [*a]\n",
        ":1:8: an alias (`*...`) refers to what it stands in; write the value out",
    ),
    "F-130 a cycle in a mapping": (
        "a: &a {b: {c: *a}}\n",
        ":1:15: an alias (`*...`) refers to what it stands in; write the value out",
    ),
    "F-130 the whole document in itself": (
        "&a\nb: *a\n",
        ":2:4: an alias (`*...`) refers to what it stands in; write the value out",
    ),
    "an alias of nothing": (
        "a: *b\n",
        (
            ":1:4: an alias (`*...`) refers to nothing above; "
            "define it with `&` first, or quote a value that begins with `*`"
        ),
    ),
    "F-131 python object": (
        "a: !!python/object/apply:os.system ['id']\n",
        f":1:4: a tag (`!...`) stands here; {PLAIN}",
    ),
    "F-131 an unknown tag": ("a: !x y\n", f":1:4: a tag (`!...`) stands here; {PLAIN}"),
    "F-131 a tag handle": ("a: !x!y z\n", f":1:4: a tag (`!...`) stands here; {PLAIN}"),
    "F-131 a tag that is harmless": ("a: !!str 5\n", f":1:4: a tag (`!...`) stands here; {PLAIN}"),
    "F-131 a tag on a key": ("!!str a: 5\n", f":1:1: a tag (`!...`) stands here; {PLAIN}"),
    "F-131 a tag on a mapping": ("a: !!map {}\n", f":1:4: a tag (`!...`) stands here; {PLAIN}"),
    "F-132 two documents": (
        "a: 1\n---\nb: 1\n",
        ":2:1: a second document begins; one profile a file: remove the `---`",
    ),
    "F-132 nothing": ("", f": holds no profile: it is empty; {ADVICE}"),
    "F-132 only comments": ("# a\n\n# b\n", f": holds no profile: it is empty; {ADVICE}"),
    "F-132 only a marker": ("---\n", f": holds no profile: it is empty; {ADVICE}"),
    "F-132 null": ("~\n", f": holds no profile: it is empty; {ADVICE}"),
    "F-132 a list": ("# a\n- version: 1\n", f":2:1: holds a list, not keys and values; {ADVICE}"),
    "F-132 a word": ("version\n", f":1:1: holds a single value, not keys and values; {ADVICE}"),
    "F-132 false": ("false\n", f":1:1: holds a single value, not keys and values; {ADVICE}"),
    "F-133 a tab": ("client:\n\tid: a\n", ":2:1: a tab is used for indentation; use spaces"),
    "F-133 a tab after a space": ("client:\n \tid: a\n", ":2:2: a tab is used for indentation; use spaces"),
    "F-133 UTF-16": (HEAD.encode("utf-16"), ": is UTF-16; save it as UTF-8"),
    "F-133 UTF-16, big end first": (b"\xfe\xff\x00a", ": is UTF-16; save it as UTF-8"),
    "F-133 UTF-16 without a mark": (
        HEAD.encode("utf-16-le"),
        ":1:2: is binary here, not text; name a YAML file in UTF-8",
    ),
    "F-133 NUL": (b"a: 1\nb: \xc3\xa9\0\n", ":2:5: is binary here, not text; name a YAML file in UTF-8"),
    "F-133 Latin-1": (b"a: 1\nb: \xe9\n", ":2:4: is not UTF-8 here; save it as UTF-8"),
    "F-133 Latin-1 after a mark and a letter of two bytes": (
        b"\xef\xbb\xbfa: 1\r\nb: \xc3\xa9\xe9\n",
        ":2:5: is not UTF-8 here; save it as UTF-8",
    ),
    "F-133 a surrogate": (b"a: \xed\xa0\x80\n", ":1:4: is not UTF-8 here; save it as UTF-8"),
    **{
        f"F-133 U+{ord(letter):04X}": (
            f"a: 1\nb: x{letter}y\n",
            f":2:5: holds the invisible character U+{ord(letter):04X}; remove it",
        )
        for letter in "\x01\x07\x0b\x0c\x1b\x7f\x85\x9b\u061c\u200e\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\uffff"
    },
    "F-133 an invisible letter in a comment": (
        "# \u202e\na: 1\n",
        ":1:3: holds the invisible character U+202E; remove it",
    ),
    "a key that is a list": ("? [a]\n: b\n", f":1:3: a key must be plain text; {KEY}"),
    "a key that is a mapping": ("{a: 1}: b\n", f":1:1: a key must be plain text; {KEY}"),
    "a key that is an alias": ("a: &b c\n*b : d\n", f":2:1: a key must be plain text; {KEY}"),
    "a colon too many": (
        "a: b: c\n",
        ":1:5: a `:` stands where no key can be; check the indentation, or quote the value",
    ),
    "a key too far left": ("a:\n  - b\n c: d\n", f":3:2: a key was expected here; {CHECK}"),
    "a quote in a quote": ("a: 'x'y'\n", f":1:7: a key was expected here; {CHECK}"),
    "no dash": ("a:\n  - b\n  c: d\n", ":3:3: a list item was expected here; begin it with `- `"),
    "a key without a colon": (
        "a: 1\nb\n",
        ":2:1: a key without `: `; write `key: value`, with a blank after the colon",
    ),
    "an open quote": ("a: 'x", ":1:4: a quote is opened here and never closed; close it"),
    "an open list": (
        "a: [1, 2\nb: 3\n",
        ":1:4: a `[` is opened here and not closed; close it with `]`, and write `, ` between items",
    ),
    "an open mapping": (
        "a: {b: 1\nc: 2\n",
        ":1:4: a `{` is opened here and not closed; close it with `}`, and write `, ` between keys",
    ),
    "an at sign": ("a: @x\n", f":1:4: a value cannot begin with this character; {QUOTE}"),
    "a star": ("a: *\n", f":1:5: a value cannot begin with `*` or `&`; {QUOTE}"),
    "F-136 a per cent sign": ("a: %x\n", f":1:4: a value cannot begin with this character; {QUOTE}"),
    "an unknown escape": ('a: "\\q"\n', ":1:5: is not YAML: found unknown escape character"),
    "an escaped surrogate": ('a: "\\ud800"\n', ":1:7: is not YAML: found invalid Unicode character escape code"),
    "YAML of the future": ("%YAML 2.0\n---\na: 1\n", ":1:1: is not YAML: found incompatible YAML document"),
    "too much": (b"#" * (LARGEST + 1), ": is larger than 256 KiB; a profile is a page of text"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_answered_at_once_with_one_problem_at_its_place(name: str) -> None:
    text, expected = HOSTILE[name]
    started = time.perf_counter()
    problem = refusal(text)
    assert time.perf_counter() - started < 5
    assert str(problem) == f"{FILE}{expected}"
    assert bool(problem.line) == bool(problem.column)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 31 + "]" * 31,
        "a: [" + "x," * 9_998 + "]",
        f"a: {'9' * 18}",
        f"a: '{'9' * 5000}'",
        "a: 1\n" + "#" * (LARGEST - 5),
    ],
    ids=["depth", "values", "digits", "quoted digits", "size"],
)
def test_what_is_just_within_the_limits_is_taken(text: str) -> None:
    assert "a" in parse(text.encode(), FILE).data


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("id: a: b\n", "  1 | id: ***\n    |      ^"),
        ("client:\n  - {id: a, 'x'y}\n", "  2 |   - {id: ***\n    |     ^"),
        ("version: 1\nissuer: &a [*a]\n", "  2 | issuer: ***\n    |            ^"),
        ("a: 1\na:\n", "  2 | a:\n    | ^"),
        ("client:\n\tid: a\n", "  2 |  id: ***\n    | ^"),
    ],
)
def test_the_line_is_shown_with_a_caret_and_without_its_values(text: str, shown: str) -> None:
    assert render(refusal(text)).partition("\n")[2] == shown


@pytest.mark.parametrize(
    "text",
    [
        "hunter2, more: [\n",
        "a: [\n'hunter2: b', c: d]]\n",
        "a: 'x\n  more hunter2: x",
        "a:\n  - b\n hunter2\n",
        "a: !hunter2\n",
        "a: !hunter2!x y\n",
        "a: *hunter2\n",
        "a: @hunter2\n",
        "secret: hunter2: x\n",
        "secret: &a [hunter2, *a]\n",
        "secret: [hunter2\n",
        "secret:hunter2\nid: a\n",
    ],
)
def test_what_may_be_a_secret_is_not_shown_of_what_cannot_be_parsed(text: str) -> None:
    assert "hunter2" not in render(refusal(text))


def test_a_file_is_read_and_named_as_it_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_bytes(SERVICE.encode())
    assert read(file).file == str(file)
    assert read(file, shown_as="./p.yaml").file == "./p.yaml"
    assert read(file).data["client"] == {"id": "a", "secret": {"env": "S"}}


def unreadable(file: Path, **more: Any) -> str:
    with pytest.raises(ProfileError) as caught:
        read(file, **more)
    [problem] = caught.value.problems
    return str(problem)


def test_what_is_no_readable_file_is_refused_by_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert unreadable(tmp_path, shown_as="x") == (
        "x: is a folder; name a profile in it, or check all of it with `tokenflow validate`"
    )
    assert unreadable(tmp_path / "none") == f"{tmp_path}/none: there is no such file; check the path"
    assert unreadable(tmp_path / "pipe", shown_as="x") == "x: is not a regular file; name a YAML file"
    assert unreadable(Path("/dev/zero")) == "/dev/zero: is not a regular file; name a YAML file"
    assert unreadable(tmp_path / "loop", shown_as="x") == "x: cannot be read: Too many levels of symbolic links"
    assert unreadable(tmp_path / ("n" * 300), shown_as="x") == "x: cannot be read: File name too long"
    assert unreadable(tmp_path / "a\0b", shown_as="x") == "x: cannot be read: embedded null byte"


def test_no_more_is_read_of_a_large_file_than_is_needed_to_refuse_it(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(2**40)
    assert unreadable(file, shown_as="x") == "x: is larger than 256 KiB; a profile is a page of text"
