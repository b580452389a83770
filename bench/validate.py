"""How long checking 1,000 valid profiles takes, as a ratio to the least that could do it.

Run it from a checkout: `python bench/validate.py [ROUNDS]`. The floor is bare PyYAML (its C loader) and one
`Draft202012Validator`, built once, over the same files; the other is `read` and `interpret` with all that is looked for
in between, and `clashes`, as `tokenflow validate FOLDER` calls them. They run in turn, A B A B ..., in one process, so
that a machine whose speed drifts slows both alike; the table shows medians.
"""

from __future__ import annotations

import gc
import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import yaml
from jsonschema import Draft202012Validator

from tokenflow.config.interpretation import clashes, interpret
from tokenflow.config.reading import read
from tokenflow.config.schema import schema_file
from tokenflow.world.references import read_public_reference

PROFILES: Final = Path(__file__).resolve().parent.parent / "profiles"
COUNT: Final = 1000
TARGET: Final = 2.0


def written(folder: Path) -> list[str]:
    """Write `COUNT` profiles like those that are shipped, each with a name of its own; with and without comments."""
    originals = [path.read_text(encoding="utf-8") for path in sorted(PROFILES.glob("*.yaml"))]
    files = []
    for number in range(COUNT):
        text = originals[number % len(originals)].replace("REPLACE_ME", f"{number:08x}")
        text = text.replace("version: 1\n", f"version: 1\nname: profile-{number}\n", 1)
        if number // len(originals) % 2:
            text = re.sub(r"(?m)^ *#.*\n| +# .*$", "", text)
        file = folder / f"{number:04}.yaml"
        file.write_text(text, encoding="utf-8")
        files.append(str(file))
    return files


def floor(files: list[str], validator: Draft202012Validator) -> int:
    """Load and validate, and keep what comes of it, as the other does."""
    loaded = {}
    for file in files:
        with Path(file).open("rb") as stream:
            loaded[file] = yaml.load(stream.read(), Loader=yaml.CSafeLoader)
    return sum(not list(validator.iter_errors(data)) for data in loaded.values())


def tokenflow(files: list[str]) -> int:
    """Do what `tokenflow validate` does before it writes its report."""
    checked = clashes(
        {file: interpret(read(Path(file), shown_as=file), resolve=read_public_reference) for file in files}
    )
    return sum(interpretation.profile is not None for interpretation in checked.values())


def main(rounds: int) -> None:
    validator = Draft202012Validator(json.loads(schema_file().read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        files = written(Path(folder))
        candidates = {
            "bare PyYAML and jsonschema": lambda: floor(files, validator),
            "tokenflow, every check": lambda: tokenflow(files),
        }
        times: dict[str, list[float]] = {name: [] for name in candidates}
        for turn in range(rounds + 1):
            for name, candidate in candidates.items():
                gc.collect()
                start = time.process_time()
                valid = candidate()
                if valid != COUNT:
                    raise SystemExit(f"{name}: {valid} of {COUNT} profiles are valid")
                if turn:  # the first turn fills caches
                    times[name].append(time.process_time() - start)
    medians = {name: statistics.median(measured) for name, measured in times.items()}
    base = next(iter(medians.values()))
    print(f"| {COUNT} profiles, {rounds} rounds | median ms | ratio |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median * 1000:.0f} | {median / base:.2f} |")
    ratios = [ours / theirs for theirs, ours in zip(*times.values(), strict=True)]
    print(f"\nRatio by round: {min(ratios):.2f} to {max(ratios):.2f}; the target is at most {TARGET:g}.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
