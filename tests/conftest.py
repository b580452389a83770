"""For all tests: nothing leaves loopback, and nobody's own settings get in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.loopback import install_loopback_guard

if TYPE_CHECKING:
    from pathlib import Path

install_loopback_guard()


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tokens of tests out of the home folder, and proxies of the machine out of tests."""
    monkeypatch.setenv("TOKENFLOW_HOME", str(tmp_path / "tokenflow-home"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
