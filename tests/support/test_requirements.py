from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.requirements import REQUIRE_ALL, require

if TYPE_CHECKING:
    from typing import Literal


def test_what_is_there_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRE_ALL, "1")
    assert require("/bin/tool", "a tool") == "/bin/tool"
    assert require(0, "a number") == 0


@pytest.mark.parametrize("missing", [None, False])
def test_what_is_missing_skips(monkeypatch: pytest.MonkeyPatch, missing: Literal[False] | None) -> None:
    monkeypatch.delenv(REQUIRE_ALL, raising=False)
    with pytest.raises(pytest.skip.Exception, match="a tool: install it"):
        require(missing, "a tool: install it")


@pytest.mark.parametrize("missing", [None, False])
def test_what_is_missing_fails_a_complete_run(monkeypatch: pytest.MonkeyPatch, missing: Literal[False] | None) -> None:
    monkeypatch.setenv(REQUIRE_ALL, "1")
    with pytest.raises(pytest.fail.Exception, match=f"a tool: install it .*{REQUIRE_ALL}=1"):
        require(missing, "a tool: install it")
