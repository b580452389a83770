"""The layers of ARCHITECTURE.md, held over the syntax tree: each imports only downwards."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import tokenflow

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = Path(tokenflow.__file__).parent

VALUES: Final = {"errors", "secret", "tokens", "printable", "metadata", "addresses", "app_types", "profile"}
# Room -> the rooms of tokenflow that it may import. What is not named here belongs to the surface and may import all.
MAY_IMPORT: Final[dict[str, set[str]]] = {
    **dict.fromkeys(VALUES, VALUES),
    "config": VALUES | {"config"},
    "protocol": VALUES | {"protocol"},
    "world": VALUES | {"protocol", "world", ""},
    "deliver": VALUES | {"deliver"},
    "dev_issuer": VALUES | {"dev_issuer"},
}
# Layer 3 does no I/O and has no clock and no randomness of its own; layers 1 and 2 do not reach the network either.
NO_WORLD: Final = {"os", "time", "datetime", "random", "secrets", "socket", "threading", "asyncio", "pathlib", "httpx"}
FORBIDDEN: Final[dict[str, set[str]]] = {
    **{name: NO_WORLD | {"yaml", "jsonschema", "jwt"} for name in VALUES},
    "config": NO_WORLD - {"os", "pathlib"} | {"jwt"},
    "protocol": NO_WORLD | {"yaml", "jsonschema", "subprocess", "tempfile", "logging"},
}
# httpx is known to the drivers and to runner.auth(); the runner makes the client that it hands to its driver.
HTTPX_ROOMS: Final = {"world/exchange.py", "world/driver.py", "world/async_driver.py", "auth.py", "runner.py"}


def imports(source: str) -> Iterator[str]:
    """Yield every module that a file imports, wherever in it, type checking included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names) if module == "tokenflow" else (module,)


def violations(room: str, source: str) -> list[str]:
    """Return the imports that a file in `room` may not have."""
    allowed, forbidden = MAY_IMPORT.get(room), FORBIDDEN.get(room, set())
    found = []
    for module in imports(source):
        top, _, rest = module.partition(".")
        target = rest.partition(".")[0]
        if top in forbidden or (target == "cli" and room != "cli" and room not in ("__main__", "")):
            found.append(module)
        if top == "tokenflow" and allowed is not None and target not in allowed:
            found.append(module)
    return found


def room_of(path: Path) -> str:
    """Name the room of a file: its folder in the package, or its own name at the package's root."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py").replace("__init__", "")


SOURCES: Final = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_file_imports_only_downwards(path: Path) -> None:
    assert violations(room_of(path), path.read_text()) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_httpx_is_known_to_few(path: Path) -> None:
    known = any(module.partition(".")[0] == "httpx" for module in imports(path.read_text()))
    assert not known or str(path.relative_to(PACKAGE)) in HTTPX_ROOMS


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("tokens", "from tokenflow.protocol.effects import send"),
        ("config", "from tokenflow.protocol.jws import decode"),
        ("config", "import httpx"),
        ("protocol", "from tokenflow.config.reading import read"),
        ("protocol", "from tokenflow.world.driver import Driver"),
        ("protocol", "import os.path"),
        ("protocol", "def f():\n    import time"),
        ("protocol", "from asyncio import sleep"),
        ("world", "from tokenflow.runner import Runner"),
        ("world", "from tokenflow.cli.messages import say"),
        ("runner", "from tokenflow.cli.messages import say"),
        ("deliver", "from tokenflow.world.places import state_folder"),
    ],
)
def test_a_forbidden_import_is_found(room: str, source: str) -> None:
    assert violations(room, source)


def test_nothing_hides_in_a_room_that_says_nothing() -> None:
    nothing = {"utils", "util", "helpers", "common", "base", "manager", "handler", "handlers", "misc", "service"}
    assert not [path for path in SOURCES if path.stem in nothing]
