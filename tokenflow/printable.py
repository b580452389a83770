"""Make a string that came from outside safe to show: no control codes, no direction overrides, no novels."""

from __future__ import annotations

LONGEST = 300


def printable(text: str, *, longest: int = LONGEST) -> str:
    """Return `text` with everything that a terminal or a log would act on escaped, cut to `longest` characters.

    Line breaks, ESC and C1 codes and bidirectional overrides would otherwise forge output (F-141).
    """
    cut = text if len(text) <= longest else text[:longest] + "..."
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in cut)
