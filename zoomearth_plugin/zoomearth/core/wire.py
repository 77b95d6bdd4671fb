"""The door: one JSON object per line, both ways, on the worker's standard streams.

To the worker::

    {"op": "ask", "id": 7, "query": {…}}      {"op": "ping", "id": 8}
    {"op": "cancel", "id": 7}                 {"op": "shutdown"}
    {"op": "drawn", "id": 7, "number": 3, "pixels", "failures"}     or, instead of pixels, "error"

From the worker, first ``ready``, then for each id any number of ``progress`` and ``draw``, and exactly one
of ``result``, ``error``, ``cancelled``::

    {"event": "ready", "protocol": 2, "version": "0.1.0", "pid": 4711}
    {"event": "progress", "id": 7, "progress": {"stage", "fraction", "text"}}
    {"event": "draw", "id": 7, "number": 3, "box", "size"}
    {"event": "result", "id": 7, "result": {…}}
    {"event": "error", "id": 7, "error": {"code", "message", "hint"}}
    {"event": "cancelled", "id": 7}

``result`` is an Answer for ``ask`` and ``{}`` for ``ping``. Of a layer that is no file the worker asks for
windows by ``draw``, each of which is answered by one ``drawn``; see :mod:`.drawing`. Questions are answered
one at a time, in the order they came; ``cancel``, ``drawn`` and ``ping`` overtake. A worker whose standard
input closes stops.
A request that could not be read has no id: its ``error`` has :data:`NOBODY`'s.
"""

from __future__ import annotations

import json
from typing import Any, Dict

from .errors import ZoomEarthError

PROTOCOL = 2
MAX_LINE_BYTES = 64 * 1024 * 1024
NOBODY = 0
LAST_EVENTS = ("result", "error", "cancelled")


class WireError(ValueError):
    """A line that is no message."""


def encode(message: Dict[str, Any]) -> bytes:
    """One message as a UTF-8 line; NaN and infinity are refused with ValueError."""
    return (json.dumps(message, ensure_ascii=True, allow_nan=False) + "\n").encode("utf-8")


def decode(line: bytes) -> Dict[str, Any]:
    """The message of one line.

    Raises:
        WireError: Not UTF-8, not JSON, not an object, or longer than MAX_LINE_BYTES.
    """
    if len(line) > MAX_LINE_BYTES:
        raise WireError(f"a line of {len(line)} bytes")
    try:
        message = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # a line of a million brackets
        raise WireError(f"not a message: {line[:80]!r}") from error
    if not isinstance(message, dict):
        raise WireError(f"not an object: {line[:80]!r}")
    return message


def ready(version: str, pid: int) -> Dict[str, Any]:
    return {"event": "ready", "protocol": PROTOCOL, "version": version, "pid": pid}


def error(request_id: int, cause: ZoomEarthError) -> Dict[str, Any]:
    return {"event": "error", "id": request_id, "error": cause.to_json()}
