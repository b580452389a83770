from __future__ import annotations

import base64
import copy
import json
import pickle
import traceback
from dataclasses import asdict, dataclass
from urllib.parse import quote, quote_plus

import pytest

from tokenflow.secret import Secret, scrub

VALUE = "canary-s3cret"


def test_only_reveal_gives_it_away() -> None:
    assert Secret(VALUE).reveal() == VALUE


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(VALUE)),
        str(Secret(VALUE)),
        f"{Secret(VALUE)}",
        "%s %r" % (Secret(VALUE), Secret(VALUE)),  # noqa: UP031 - that is what is tested
        str([Secret(VALUE), {"a": Secret(VALUE)}]),
        str(copy.copy(Secret(VALUE))),
        str(copy.deepcopy([Secret(VALUE)])),
    ],
)
def test_f151_nothing_else_shows_it(shown: str) -> None:
    assert VALUE not in shown
    assert "***" in shown


def test_f151_a_dataclass_that_holds_it_does_not_show_it() -> None:
    @dataclass
    class Holder:
        secret: Secret

    holder = Holder(Secret(VALUE))
    assert repr(holder).endswith("Holder(secret=Secret(***))")
    assert VALUE not in str(asdict(holder))


def test_f151_it_has_no_dict_and_is_neither_pickled_nor_written_as_json() -> None:
    secret = Secret(VALUE)
    with pytest.raises(TypeError):
        vars(secret)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="a Secret cannot be pickled"):
            pickle.dumps(secret, protocol)
    with pytest.raises(TypeError) as caught:
        json.dumps({"a": secret})
    assert VALUE not in "".join(traceback.format_exception(caught.value))


def test_copies_are_the_same_one() -> None:
    secret = Secret(VALUE)
    assert copy.copy(secret) is secret
    assert copy.deepcopy(secret) is secret


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (Secret("a"), Secret("a"), True),
        (Secret("a"), Secret("b"), False),
        (Secret("a"), Secret("ab"), False),
        (Secret("é"), Secret("é"), True),
        (Secret("\udcff"), Secret("\udcff"), True),  # bytes that are no UTF-8, from an environment variable
        (Secret("\udcff"), Secret("\udcfe"), False),
        (Secret("a"), "a", False),
        (Secret("a"), None, False),
    ],
)
def test_equality_is_that_of_the_values_among_secrets_alone(one: Secret, other: object, equal: bool) -> None:
    assert (one == other) is equal
    assert (other == one) is equal
    if equal:
        assert hash(one) == hash(other)


def test_its_hash_is_not_that_of_the_value() -> None:
    assert hash(Secret(VALUE)) != hash(VALUE)
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret("0")


@pytest.mark.parametrize(
    ("text", "secrets", "scrubbed"),
    [
        ("said a and b", {"a", "b"}, "s***id *** ***nd ***"),
        ("password1 and password12", {"password1", "password12"}, "*** and ***"),
        ("nothing", {""}, "nothing"),
        ("nothing", set(), "nothing"),
        ("twice: x1x1", {"x1"}, "twice: ******"),
        ("\udcff and %ED%B3%BF", {"\udcff"}, "*** and ***"),  # bytes that are no UTF-8, from an environment variable
    ],
)
def test_f120_what_a_server_echoes_is_replaced_the_longest_secret_first(
    text: str, secrets: set[str], scrubbed: str
) -> None:
    assert scrub(text, frozenset(map(Secret, secrets))) == scrubbed


ODD = 'p@ss wörd/+"x='


@pytest.mark.parametrize(
    "echo",
    [
        ODD,
        quote(ODD),
        quote(ODD, safe=""),
        quote_plus(ODD),
        json.dumps(ODD),
        json.dumps(ODD, ensure_ascii=False),
        *(base64.b64encode(f"{before}{ODD}".encode()).decode() for before in ("", "a:", "ab:", "abc:", "abcd:")),
        *(base64.urlsafe_b64encode(f"{before}{ODD}".encode()).decode() for before in ("a:", "ab:", "abc:")),
        base64.b64encode(f"id:{quote_plus(ODD)}".encode()).decode(),  # RFC 6749 section 2.3.1
    ],
)
def test_f120_a_secret_is_scrubbed_however_it_was_encoded(echo: str) -> None:
    scrubbed = scrub(f"invalid: <{echo}>", frozenset({Secret(ODD)}))
    assert scrubbed.startswith("invalid: <")
    assert scrubbed.endswith(">")
    assert "***" in scrubbed
    # At most the letters that a base64 group shares with what stands before and after are left.
    assert len(scrubbed.replace("***", "").replace("invalid: ", "")) <= 14


def test_f120_the_value_of_a_basic_header_is_scrubbed_without_its_scheme() -> None:
    header = "Basic aWQ6c2VjcmV0LW9mLW1pbmU="
    assert scrub("got aWQ6c2VjcmV0LW9mLW1pbmU there", frozenset({Secret(header)})) == "got *** there"


@pytest.mark.parametrize(("value", "shown"), [("abcdef", "YWJj: ***"), ("abcde", "YWJj: YWJjZGU=")])
def test_what_is_too_short_to_be_known_in_base64_is_left(value: str, shown: str) -> None:
    assert scrub(f"YWJj: {base64.b64encode(value.encode()).decode()}", frozenset({Secret(value)})) == shown
