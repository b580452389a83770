"""Run the fuzz target for TOKENFLOW_FUZZ_SECONDS (5), in a process of its own because it never returns."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from support.requirements import require

TARGET: Final = Path(__file__).with_name("fuzz_profiles.py")
SECONDS: Final = int(os.environ.get("TOKENFLOW_FUZZ_SECONDS", "5"))
START: Final = 60  # seconds in which it starts, reads its seeds and ends


@pytest.fixture(autouse=True)
def _with_atheris() -> None:
    require(importlib.util.find_spec("atheris"), "atheris (for this Python and platform): pip install atheris")


def fuzzed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, TARGET, *arguments]
    return subprocess.run(
        command,
        cwd=TARGET.parent,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS + START,
        check=False,
    )


def test_no_input_brings_a_traceback_a_hang_or_a_secret(tmp_path: Path) -> None:
    done = fuzzed(f"-max_total_time={SECONDS}", f"-artifact_prefix={tmp_path}/", tmp_path / "corpus")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    runs = re.search(r"Done (\d+) runs in \d+ second", done.stderr)
    assert runs is not None, done.stderr[-2000:]
    assert int(runs[1]) > 100


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("module.parse = None", "TypeError"),
        ("module.PATIENCE = 0.0", "took"),
        ("module.render = lambda problem: module.CANARY", "shows a secret"),
    ],
)
def test_what_must_not_be_seen_would_be(tmp_path: Path, broken: str, says: str) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(TARGET.parent)!r})\nimport fuzz_profiles as module\n{broken}\n"
        f"module.main([*sys.argv, '-runs=50', '-artifact_prefix={tmp_path}/', {str(tmp_path / 'corpus')!r}])\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, errors="replace", timeout=START, check=False
    )
    assert done.returncode != 0
    assert says in done.stdout + done.stderr
