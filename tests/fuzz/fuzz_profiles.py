"""Fuzz the way from bytes to a profile or its problems with atheris (libFuzzer, guided by coverage).

Run by `test_fuzz_profiles.py` for some seconds, or by hand for as long as you like; a folder keeps what it has learnt:

    .venv/bin/python tests/fuzz/fuzz_profiles.py -max_total_time=600 /tmp/corpus

Three things are never seen: an exception other than ProfileError, an input that takes longer than a second, and the
canary, which stands wherever a secret belongs, in anything that is shown.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import atheris

with atheris.instrument_imports(include=["tokenflow", "yaml"], enable_loader_override=False):
    from tokenflow.config.excerpts import render
    from tokenflow.config.interpretation import interpret
    from tokenflow.config.reading import parse
    from tokenflow.errors import ProfileError, SecretError

if TYPE_CHECKING:
    from tokenflow.profile import Reference

ROOT: Final = Path(__file__).resolve().parents[2]
CANARY: Final = "Hunter2Canary7"
PATIENCE: Final = 1.0  # seconds for one input
# Below these, whatever is written is a secret; what a fuzzer puts in their place is not, and may be shown.
SECRETS: Final = (
    "client: {id: a, secret: %s}",
    "client: {id: a, private_key: %s, private_key_passphrase: x}",
    "user: {name: u, password: %s}",
    "refresh_token: %s",
    "store: {kind: redis, url: 'redis://u:%s@h'}",
    "store: {kind: file, key: %s}",
    "token: {extra: {a: %s}}",
    "http: {proxy: 'http://u:%s@h'}",
    "issuer: https://u:%s@as.example",
)
WORDS: Final = (
    *("version: 1", "app_type: ", "issuer: ", "client: ", "secret: ", "{env: ", "{file: ", "{keyring: ", "{command: ["),
    *("default: ", "preset: ", "deliver:", "- {to: ", "!!python/name:os", "&a ", "*a", "<<: ", "---", "|", ">-", "? "),
    *(
        "\\u202e",
        "0x1F",
        "1e999",
        ".nan",
        "~",
        "''",
        '""',
        "{",
        "}",
        "[",
        "]",
        "#",
        "%",
        "@",
        "`",
        "\\x00",
        "\\xff\\xfe",
    ),
)


def resolve(reference: Reference) -> str:
    """Give a value to half of the public references, and refuse the others."""
    if len(str(reference)) % 2:
        raise SecretError(f"{reference} holds nothing")
    return str(reference)


def answered(content: bytes) -> str:
    """Return all that is shown of what is wrong with `content`."""
    try:
        interpretation = interpret(parse(content, "fuzzed.yaml"), resolve=resolve, unresolved="warning")
    except ProfileError as error:
        problems = error.problems
    else:
        problems = interpretation.problems
        if interpretation.profile is None and not problems:
            raise AssertionError("no profile, and no problem that says why")
    return "\n".join(f"{problem}\n{render(problem)}" for problem in problems)


def one_input(data: bytes) -> None:
    """Answer `data` as it is, and with the canary in one of the places where a secret belongs."""
    for content in (data, with_canary(data)):
        started = time.perf_counter()
        shown = answered(content)
        taken = time.perf_counter() - started
        if taken > PATIENCE:
            raise AssertionError(f"took {taken:.1f} s")
        if CANARY in shown and CANARY.encode() not in data:
            raise AssertionError(f"shows a secret: {shown}")


def with_canary(data: bytes) -> bytes:
    """Return `data` with a line more, at its end or its head, that holds the canary as a secret."""
    chosen = data[0] if data else 0
    line = (SECRETS[chosen % len(SECRETS)] % CANARY).encode()
    return data + b"\n" + line + b"\n" if chosen & 0x80 else line + b"\n" + data


def seeds(folder: Path) -> None:
    """Begin with profiles, right and wrong, so that the fuzzer need not find YAML out."""
    for file in (*ROOT.glob("profiles/*.yaml"), *ROOT.glob("tests/config/wrong/*.yaml")):
        (folder / file.name).write_bytes(file.read_bytes())


def main(argv: list[str]) -> None:
    """Fuzz with libFuzzer's arguments; the first folder among them is given the seeds."""
    folder = next((Path(argument) for argument in argv[1:] if not argument.startswith("-")), None)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        seeds(folder)
        dictionary = folder.with_suffix(".dict")
        dictionary.write_text("".join(f'"{word}"\n' for word in map(quoted, WORDS)))
        argv = [*argv, f"-dict={dictionary}"]
    atheris.Setup([*argv, "-max_len=4096", "-timeout=10"], one_input)
    atheris.Fuzz()


def quoted(word: str) -> str:
    """Write a word as libFuzzer's dictionaries want it; its escapes are already such."""
    return word.replace('"', '\\"').replace("\\u202e", "\\xe2\\x80\\xae")


if __name__ == "__main__":
    main(sys.argv)
