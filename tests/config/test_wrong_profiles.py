"""A folder of profiles with one mistake each, the mistakes that people make, and what each of them is told.

`wrong/NNN-name.yaml` is the profile, whose first line names the mistake; `wrong/NNN-name.txt` is what a person sees.
After a change to a message, write these anew and read the difference as somebody who knows no documentation would:

    TOKENFLOW_REGENERATE=1 .venv/bin/pytest tests/config/test_wrong_profiles.py; git diff tests/config/wrong
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tokenflow.config.excerpts import render
from tokenflow.config.interpretation import interpret
from tokenflow.config.reading import read
from tokenflow.errors import ProfileError
from tokenflow.world.references import read_public_reference

if TYPE_CHECKING:
    from tokenflow.errors import Problem

FOLDER: Final = Path(__file__).parent / "wrong"
REGENERATE: Final = "TOKENFLOW_REGENERATE"
FILES: Final = sorted(FOLDER.glob("*.yaml"))
FEWEST: Final = 60
# A warning about the profile that the mistake stands in, and not about the mistake: an agent's flow is password.
BESIDE: Final = "flow-is-not-legacy"


@pytest.fixture(autouse=True)
def _beside_the_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name files without a folder, so that no golden message knows where the checkout lies."""
    monkeypatch.chdir(FOLDER)
    monkeypatch.delenv("ISSUER_OF_NO_ONE", raising=False)


def problems(file: Path) -> tuple[Problem, ...]:
    try:
        return interpret(read(Path(file.name)), resolve=read_public_reference, unresolved="warning").problems
    except ProfileError as error:
        return error.problems


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_mistake_is_told_as_it_was_agreed_and_once(file: Path) -> None:
    found = problems(file)
    told = "".join(f"{render(problem)}\n" for problem in found)
    golden = file.with_suffix(".txt")
    if os.environ.get(REGENERATE) and told != (golden.read_text() if golden.exists() else ""):
        golden.write_text(told)
        pytest.fail(f"{golden.name} was written anew: read its difference, then run without {REGENERATE}")
    assert told == golden.read_text()
    assert len([problem for problem in found if problem.rule != BESIDE]) == 1, "one mistake is one problem"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_message_says_where_what_and_what_to_do(file: Path) -> None:
    [problem] = [problem for problem in problems(file) if problem.rule != BESIDE]
    assert problem.file == file.name
    assert problem.advice or "; " in problem.message
    assert problem.rule
    assert not re.search(r"anyOf|oneOf|JSON Schema|\bpattern\b|instance|NoneType|\bdict\b|\bstr\b", str(problem))


def test_there_are_enough_of_them_each_with_its_message_and_no_message_is_left_over() -> None:
    assert len(FILES) >= FEWEST
    assert [file.stem for file in FILES] == [golden.stem for golden in sorted(FOLDER.glob("*.txt"))]
    assert len({file.stem.partition("-")[2] for file in FILES}) == len(FILES)


def test_no_golden_message_knows_where_the_checkout_lies() -> None:
    for golden in FOLDER.glob("*.txt"):
        assert str(FOLDER) not in golden.read_text()
