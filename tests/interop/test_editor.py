"""What an editor and check-jsonschema make of the shipped schema: programs of others, which know nothing else of us."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from interop.language_server import TREE, run_language_server
from interop.node import install_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interop.language_server import LanguageServer
    from interop.node import Node

ROOT: Final = Path(__file__).parents[2]
SCHEMA: Final = ROOT / "schemas" / "profile.schema.json"
NUMBERS: Final = itertools.count()
HEAD: Final = (ROOT / "profiles" / "itwin-service.yaml").read_text().splitlines()[
    0
] + "\nversion: 1\napp_type: service\n"


@pytest.fixture(scope="module")
def editor(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    install_packages(node, TREE)
    with run_language_server(node, tmp_path_factory.mktemp("editor")) as server:
        yield server


def unsaved() -> str:
    """Name a new document that is nowhere on disk: beside the shipped ones, whose first line finds the schema."""
    return (ROOT / "profiles" / f"unsaved-{next(NUMBERS)}.yaml").as_uri()


def ask(editor: LanguageServer, method: str, text: str, line: int, character: int) -> Any:
    uri = unsaved()
    editor.open(uri, text)
    return editor.ask(method, textDocument={"uri": uri}, position={"line": line, "character": character})


def offered(editor: LanguageServer, text: str, line: int, character: int) -> set[str]:
    return {item["label"] for item in ask(editor, "textDocument/completion", text, line, character)["items"]}


def test_the_editor_completes_a_key(editor: LanguageServer) -> None:
    keys = offered(editor, HEAD + "iss\n", 3, 3)
    assert "issuer" in keys
    assert "version" not in keys  # it is there already


def test_the_editor_completes_a_key_in_a_section(editor: LanguageServer) -> None:
    assert {"before_expiry", "min_validity", "retry"} <= offered(editor, HEAD + "refresh:\n  b\n", 4, 3)


def test_the_editor_completes_a_value(editor: LanguageServer) -> None:
    assert {"client_credentials", "device_code"} <= offered(editor, HEAD + "flow: \n", 3, 6)


@pytest.mark.parametrize(
    ("text", "line", "character", "shown"),
    [
        ("", 2, 3, "What kind of application this is"),
        ("scopes: [openid]\n", 3, 3, "Scopes to ask for"),
        ("client: {id: a}\n", 3, 10, "Client identifier that the server gave out"),
        ("client:\n  secret: x\n", 4, 4, "Client secret; a reference keeps it out of the file"),
    ],
)
def test_the_editor_shows_what_a_key_means(
    editor: LanguageServer, text: str, line: int, character: int, shown: str
) -> None:
    assert shown in ask(editor, "textDocument/hover", HEAD + text, line, character)["contents"]["value"]


def test_the_editor_marks_a_wrong_key_where_it_stands(editor: LanguageServer) -> None:
    (diagnostic,) = editor.open(unsaved(), HEAD + "issuer: https://as.example\nisuer: https://as.example\n")
    assert "isuer" in diagnostic["message"]
    assert diagnostic["range"]["start"] == {"line": 4, "character": 0}
    assert "schema" in diagnostic["source"]


def test_the_editor_marks_a_wrong_value_and_a_missing_key(editor: LanguageServer) -> None:
    (wrong,) = editor.open(unsaved(), HEAD + "flow: client_credental\n")
    assert wrong["range"]["start"] == {"line": 3, "character": 6}
    (missing,) = editor.open(unsaved(), HEAD.replace("version: 1\n", ""))
    assert "version" in missing["message"]


def test_the_server_could_not_leave_the_machine_unseen(node: Node) -> None:
    for attempt in ("require('net').connect(9, '192.0.2.1')", "require('https').get('https://a.example')"):
        command = [node.executable, "--require", TREE / "offline.cjs", "--eval", attempt]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0
        assert "left the machine" in done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_editor_has_nothing_to_say_of_a_shipped_profile(editor: LanguageServer, path: Path) -> None:
    assert editor.open(path.as_uri(), path.read_text()) == []


BAD: Final = {
    "unknown-key": "isuer: https://as.example\n",
    "unknown-key-below": "client: {id: a, secert: {env: S}}\n",
    "wrong-word": "flow: client_credental\n",
    "wrong-kind": "scopes: 5\n",
    "no-duration": "refresh: {before_expiry: 5 minutes}\n",
    "no-value": "issuer:\n",
    "secret-with-a-default": "client: {id: a, secret: {env: S, default: x}}\n",
    "delivery-to-nowhere": "deliver: [{path: x}]\n",
}


def check_jsonschema(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMA), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_check_jsonschema_accepts_every_shipped_profile() -> None:
    done = check_jsonschema(*sorted((ROOT / "profiles").glob("*.yaml")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_check_jsonschema_rejects_every_bad_one(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.yaml" for name in BAD}
    for name, file in files.items():
        file.write_text(HEAD + BAD[name])
    done = check_jsonschema(*files.values())
    assert done.returncode == 1, done.stdout + done.stderr
    assert [name for name, file in files.items() if str(file) not in done.stdout] == []
