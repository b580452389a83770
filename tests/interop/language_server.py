"""The npm `yaml-language-server`, which editors run, spoken to over stdio as an editor does (LSP 3.17)."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interop.node import Node

TREE: Final = Path(__file__).parent / "yaml-language-server"
ANSWER_SECONDS: Final = 30
STOP_SECONDS: Final = 5
# The schema store is a web site: switched off, so that only the schema that a document names counts.
SETTINGS: Final[dict[str, Any]] = {
    "yaml": {"schemaStore": {"enable": False}, "validate": True, "completion": True, "hover": True},
}


@final
class LanguageServer:
    """One conversation with the server."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self._to: IO[bytes] = process.stdin
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self._last = 0
        self._configured = False
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def begin(self) -> None:
        """Introduce an editor, and wait until the server has its settings."""
        self.ask("initialize", processId=None, rootUri=None, capabilities={"workspace": {"configuration": True}})
        self.tell("initialized")
        while not self._configured:
            self._take()

    def open(self, uri: str, text: str) -> list[dict[str, Any]]:
        """Open a new document, as an editor holds it, and return the server's diagnostics."""
        self.tell("textDocument/didOpen", textDocument={"uri": uri, "languageId": "yaml", "version": 1, "text": text})
        while uri not in self._diagnostics:
            self._take()
        return self._diagnostics[uri]

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a request and return its result."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": parameters})
        while True:
            message = self._take()
            if message.get("id") == self._last and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def tell(self, method: str, **parameters: Any) -> None:
        """Send what has no answer."""
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._to.flush()

    def _take(self) -> dict[str, Any]:
        """Take the next message, and answer it where it is a question."""
        message = self._messages.get(timeout=ANSWER_SECONDS)
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif message.get("method") == "workspace/configuration":
            answer = [SETTINGS.get(item.get("section"), {}) for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": answer})
            self._configured = True
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        return message

    def _read(self, stream: IO[bytes]) -> None:
        while line := stream.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = stream.readline()
            self._messages.put(json.loads(stream.read(length)))


@contextmanager
def run_language_server(node: Node, folder: Path) -> Iterator[LanguageServer]:
    """Run a server that cannot leave the machine; at the end, check that it did not try. It logs into `folder`."""
    script = TREE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    command = [str(node.executable), "--require", str(TREE / "offline.cjs"), str(script), "--stdio"]
    log = folder / "language-server.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        try:
            server = LanguageServer(process)
            server.begin()
            yield server
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
            for stream in (process.stdin, process.stdout):
                assert stream
                stream.close()
    assert "left the machine" not in log.read_text(), log.read_text()
