"""What importing costs is part of the design."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tokenflow

HEAVY = {"yaml", "jsonschema", "httpx", "jwt", "cryptography", "asyncio", "rich", "tenacity", "filelock", "flask"}


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_importing_tokenflow_loads_nothing_heavy() -> None:
    loaded = modules_after("import tokenflow")
    assert not loaded & (HEAVY | {"json", "dataclasses"})
    assert {name for name in loaded if name.startswith("tokenflow")} == {"tokenflow"}


def test_the_command_line_loads_nothing_heavy_before_a_command_needs_it() -> None:
    assert not modules_after("import tokenflow.cli") & HEAVY
    assert not modules_after("import tokenflow.cli.dispatch") & HEAVY
    assert not modules_after("import tokenflow.runner, tokenflow.world.driver") & HEAVY


@pytest.mark.parametrize("name", tokenflow.__all__)
def test_every_public_name_is_found_on_first_use(name: str) -> None:
    assert getattr(tokenflow, name).__name__ == name


def test_there_are_at_most_twenty_public_names() -> None:
    assert len(tokenflow.__all__) <= 20
    assert set(tokenflow.__all__) <= set(dir(tokenflow))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tokenflow.nothing  # type: ignore[attr-defined]
