from __future__ import annotations

import pytest

from tokenflow.printable import LONGEST, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, é, 日本", "plain text, é, 日本"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("a\u2028b\x85c", "a\\u2028b\\x85c"),
        ("\udcff", "\\udcff"),
        ("\U000e0001", "\\U000e0001"),
        ("", ""),
    ],
)
def test_f141_what_a_terminal_or_a_log_would_act_on_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_what_is_too_long_is_cut() -> None:
    assert printable("x" * LONGEST) == "x" * LONGEST
    assert printable("x" * (LONGEST + 1)) == "x" * LONGEST + "..."
    assert printable("abc", longest=2) == "ab..."
    assert printable("\n\n\n", longest=2) == "\\n\\n..."
