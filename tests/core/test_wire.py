"""Lines that cross the door, and lines that do not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoomearth.core import wire
from zoomearth.core.errors import RasterEmptyError, error_from_json

finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=9
)
messages = st.dictionaries(st.text(), values, max_size=5)


@given(messages)
def test_a_message_is_one_line_and_comes_back(message: dict[str, object]) -> None:
    line = wire.encode(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1 and line.isascii()
    assert wire.decode(line) == message


def test_line_breaks_in_texts_break_no_line() -> None:
    for text in ("a\nb", "a\r\nb", "a\u2028b\u2029c", "a\x85b"):
        line = wire.encode({"text": text})
        assert len(line.splitlines()) == 1 and wire.decode(line) == {"text": text}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_word_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError):
        wire.encode({"seen_gsd_m": number})


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"Traceback (most recent call last):\n",
        b'{"event": "res',
        b"[1, 2]\n",
        b'"ready"\n',
        b"7\n",
        b"null\n",
        b"\xff\xfe{}\n",
        b'{"a": 1} {"b": 2}\n',
        bytes(20),
    ],
)
def test_a_line_that_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(line)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_else(line: bytes) -> None:
    """Garbage is refused or, by chance, a message; nothing else is raised."""
    try:
        message = wire.decode(line)
    except wire.WireError:
        return
    assert isinstance(message, dict) and json.loads(line) == message


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(wire.WireError):
        wire.decode(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}")


def test_an_endless_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_LINE_BYTES", 20)
    assert wire.decode(b'{"text": "12345678"}') == {"text": "12345678"}
    with pytest.raises(wire.WireError, match="21 bytes"):
        wire.decode(b'{"text": "123456789"}')


def test_ready_names_the_protocol() -> None:
    assert wire.ready("0.1.0", 4711) == {
        "event": "ready",
        "protocol": wire.PROTOCOL,
        "version": "0.1.0",
        "pid": 4711,
    }


def test_an_error_keeps_its_kind_over_the_door() -> None:
    message = wire.decode(wire.encode(wire.error(7, RasterEmptyError("nothing here"))))
    assert (message["event"], message["id"]) == ("error", 7)
    raised = error_from_json(message["error"])
    assert type(raised) is RasterEmptyError and raised.message == "nothing here"
