"""The one policy for tools that a test needs and a machine may lack: skip, or fail where nothing may be left out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

if TYPE_CHECKING:
    from typing import Literal

T = TypeVar("T")

REQUIRE_ALL: Final = "TOKENFLOW_REQUIRE_ALL"


def require(found: T | Literal[False] | None, missing: str) -> T:
    """Return `found`; where it is None or False, skip the test, saying that `missing` is missing.

    `missing` names the thing and how to come by it: "Node.js 20.19 or newer: install it or ...". With
    TOKENFLOW_REQUIRE_ALL=1 the test fails instead, so that a run that has to be complete cannot be green by skipping.
    """
    __tracebackhide__ = True
    if found is not None and found is not False:
        return found
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"{missing} (nothing may be skipped: {REQUIRE_ALL}=1)")
    pytest.skip(missing)
