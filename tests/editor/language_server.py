"""yaml-language-server, spoken to as an editor does: JSON-RPC over its standard streams."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},  # no network
    }
}
_PATIENCE = 15


class LanguageServer:
    """One server, and the documents opened in it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._sent = 0
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: queue.Queue[dict[str, Any]] = queue.Queue()
        self._found: dict[str, list[dict[str, Any]]] = {}
        self._versions: dict[str, int] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        capabilities = {
            "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}}
        }
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def show(self, texts: Mapping[Path, str]) -> dict[Path, list[dict[str, Any]]]:
        """Show files with these texts, saved or not; gives what is underlined in each.

        Each file once only: what is underlined in an older text may still be on its way.
        """
        for file, text in texts.items():
            assert file.as_uri() not in self._versions
            self._show(file.as_uri(), text)
        return {file: self._underlined(file.as_uri()) for file in texts}

    def complete(self, file: Path, text: str) -> dict[str, str]:
        """Complete at the sign ‸ in a text: labels, and what each would insert."""
        where = self._put(file, text)
        found = self.ask("textDocument/completion", where)
        return {item["label"]: item.get("insertText", "") for item in found["items"]}

    def hover(self, file: Path, text: str) -> str:
        """Hover over the sign ‸ in a text."""
        found = self.ask("textDocument/hover", self._put(file, text))
        return "" if found is None else str(found["contents"]["value"])

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request and wait for its answer."""
        self._sent += 1
        self._send({"id": self._sent, "method": method, "params": params})
        answer = self._answers.get(timeout=_PATIENCE)
        assert answer["id"] == self._sent
        assert "error" not in answer, answer
        return answer["result"]

    def _put(self, file: Path, text: str) -> dict[str, Any]:
        before, sign, after = text.partition("‸")
        assert sign, "the text needs the sign ‸"
        self._show(file.as_uri(), before + after)
        line = before.count("\n")
        character = len(before) - before.rfind("\n") - 1
        return {
            "textDocument": {"uri": file.as_uri()},
            "position": {"line": line, "character": character},
        }

    def _show(self, uri: str, text: str) -> None:
        version = self._versions.get(uri, 0) + 1
        self._versions[uri] = version
        if version == 1:
            document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
            self._tell("textDocument/didOpen", {"textDocument": document})
        else:
            changes = {"textDocument": {"uri": uri, "version": version}}
            self._tell("textDocument/didChange", {**changes, "contentChanges": [{"text": text}]})

    def _underlined(self, uri: str) -> list[dict[str, Any]]:
        while uri not in self._found:
            said = self._diagnostics.get(timeout=_PATIENCE)
            self._found[said["uri"]] = said["diagnostics"]
        return self._found.pop(uri)

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _listen(self) -> None:
        while (message := self._read()) is not None:
            if "method" not in message:
                self._answers.put(message)
            elif message["method"] == "textDocument/publishDiagnostics":
                self._diagnostics.put(message["params"])
            elif "id" in message:
                self._send({"id": message["id"], "result": _answer(message)})

    def _read(self) -> dict[str, Any] | None:
        stream = self._process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(stream.read(length)) if length else None


def _answer(message: dict[str, Any]) -> Any:
    if message["method"] != "workspace/configuration":
        return None
    return [SETTINGS.get(item.get("section", ""), {}) for item in message["params"]["items"]]


@contextmanager
def language_server(command: list[str]) -> Iterator[LanguageServer]:
    """Run a server for a while."""
    process = subprocess.Popen([*command, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield LanguageServer(process)
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE)
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()
