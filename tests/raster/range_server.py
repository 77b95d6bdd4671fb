"""A web server on the loopback that serves files by byte ranges, counts what it sends, and misbehaves.

It is a process of its own: rasterio keeps Python locked while GDAL looks for files beside the one that
it opened (``.aux.xml``, ``.msk``), so that a server in the same process would never answer.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

_FAULTS = "~faults"
_LOG = "~log"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_START_TIMEOUT_S = 20


@dataclass
class Fault:
    """How a file is served badly.

    Args:
        status: Answered instead of the file; None for the file's own.
        is_stalled: Whether the answer never comes.
        is_cut: Whether the connection is dropped in the middle of the body.
        times: How many requests are met by it; None for all.
        from_byte: Only requests for this byte or later ones are met by it.
    """

    status: int | None = None
    is_stalled: bool = False
    is_cut: bool = False
    times: int | None = None
    from_byte: int = 0

    def meets(self, first_byte: int) -> bool:
        """Whether a request for bytes from ``first_byte`` on is met; counts it."""
        if first_byte < self.from_byte or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True)
class Log:
    """What was asked so far.

    Args:
        requests: Method and path of each, oldest first.
        body_bytes: Of all bodies sent.
    """

    requests: list[tuple[str, str]]
    body_bytes: int

    def methods(self, path: str) -> list[str]:
        """Of the requests for a file."""
        return [method for method, asked in self.requests if asked == path]


class RangeServer:
    """A running server; a context manager.

    Args:
        folder: Its files are served, by their path in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> RangeServer:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self.folder)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def host(self) -> str:
        """Address and port."""
        return f"127.0.0.1:{self.port}"

    def misbehave(self, path: str, fault: Fault) -> None:
        """Serve a file badly from now on."""
        self._say("POST", _FAULTS, json.dumps({path: asdict(fault)}))

    def log(self) -> Log:
        """What was asked since the server started, or since this was called last."""
        said = json.loads(self._say("GET", _LOG))
        return Log([(method, path) for method, path in said["requests"]], said["body_bytes"])

    def _say(self, method: str, path: str, body: str | None = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START_TIMEOUT_S)
        try:
            connection.request(method, f"/{path}", body)
            return connection.getresponse().read()
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD of files, and the two paths that belong to the tests."""

    protocol_version = "HTTP/1.1"
    folder: Path
    lock = threading.Lock()
    faults: dict[str, Fault]
    requests: list[tuple[str, str]]
    body_bytes = 0

    def do_GET(self) -> None:
        if self.path == f"/{_LOG}":
            self._tell_log()
        else:
            self._serve(has_body=True)

    def do_HEAD(self) -> None:
        self._serve(has_body=False)

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.lock:
            self.faults.update({path: Fault(**fault) for path, fault in told.items()})
        self._answer(204, {})

    def log_message(self, *arguments: object) -> None:
        """Says nothing: what was asked is counted."""

    def _serve(self, has_body: bool) -> None:
        path = unquote(urlsplit(self.path).path).lstrip("/")
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        with self.lock:
            self.requests.append((self.command, path))
            fault = self.faults.get(path)
            if fault is not None and not fault.meets(first):
                fault = None
        file = self.folder / path
        if fault is not None and fault.status is not None:
            self._answer(fault.status, {})
        elif fault is not None and fault.is_stalled:
            threading.Event().wait()  # until the process is ended
        elif not file.is_file():
            self._answer(404, {})
        else:
            self._send(file, asked, has_body, fault is not None and fault.is_cut)

    def _send(self, file: Path, asked: re.Match[str] | None, has_body: bool, is_cut: bool) -> None:
        size = file.stat().st_size
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2]) if asked and asked[2] else size - 1, size - 1)
        if first > last:
            self._answer(416, {"Content-Range": f"bytes */{size}"})
            return
        length = last - first + 1
        part = {"Content-Range": f"bytes {first}-{last}/{size}"} if asked else {}
        self._answer(206 if asked else 200, {"Accept-Ranges": "bytes", **part}, length)
        if not has_body:
            return
        with file.open("rb") as opened:
            opened.seek(first)
            body = opened.read(length // 2 if is_cut else length)
        with self.lock:
            type(self).body_bytes += len(body)
        self.wfile.write(body)
        if is_cut:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def _tell_log(self) -> None:
        with self.lock:
            said: dict[str, Any] = {"requests": list(self.requests), "body_bytes": self.body_bytes}
            self.requests.clear()
            type(self).body_bytes = 0
        body = json.dumps(said).encode()
        self._answer(200, {}, len(body))
        self.wfile.write(body)

    def _answer(self, status: int, headers: dict[str, str], length: int = 0) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()


def _serve_for_ever(folder: Path) -> None:
    _Handler.folder, _Handler.faults, _Handler.requests = folder, {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    _serve_for_ever(Path(sys.argv[1]))
