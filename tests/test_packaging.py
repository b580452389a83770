"""A wheel, an sdist and an editable install all find the schema and run the quickstart."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import tokenflow
from tokenflow.config.schema import schema_file

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "schemas" / "profile.schema.json"


def python(*words: str, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=True
    )


def build(kind: str, source: Path, folder: Path) -> Path:
    python("-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(folder), str(source), cwd=folder)
    return next(folder.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


def assert_it_works(wheel: Path, folder: Path) -> None:
    """Unpack a wheel the way an installer does, and use it from there."""
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    where = python("-c", "import tokenflow; print(tokenflow.__file__)", cwd=folder, path=site)
    assert where.stdout.strip() == str(site / "tokenflow" / "__init__.py")
    assert python("-m", "tokenflow", "schema", cwd=folder, path=site).stdout == SCHEMA.read_text()
    quickstart = str(ROOT / "profiles" / "quickstart.yaml")
    assert python("-m", "tokenflow", "token", quickstart, cwd=folder, path=site).stdout.count(".") == 2


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy what a build reads: building in the checkout itself would race with other runs."""
    copy = tmp_path / "checkout"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in tracked.stdout.split("\0") if name and (ROOT / name).is_file()]
    if not names:  # an unpacked sdist has no git
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and ".venv" not in p.parts]
    for name in names:
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    return copy


def test_a_wheel_works_and_holds_nothing_but_the_package(checkout: Path, tmp_path: Path) -> None:
    wheel = build("wheel", checkout, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {"tokenflow", f"tokenflow-{tokenflow.__version__}.dist-info"}
    assert "tokenflow/py.typed" in names
    assert_it_works(wheel, tmp_path)


def test_an_sdist_makes_a_wheel_that_works(checkout: Path, tmp_path: Path) -> None:
    sdist = build("sdist", checkout, tmp_path)
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    source = next((tmp_path / "unpacked").iterdir())
    kept = {path.name for path in source.iterdir()}
    assert {"tokenflow", "schemas", "profiles", "tests", "LICENSE", "README.md", "pyproject.toml"} <= kept
    (tmp_path / "wheels").mkdir()
    assert_it_works(build("wheel", source, tmp_path / "wheels"), tmp_path)


def test_an_editable_install_reads_the_schema_of_the_checkout() -> None:
    assert schema_file().samefile(SCHEMA)
