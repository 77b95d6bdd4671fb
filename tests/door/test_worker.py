"""The worker itself, spoken to line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from door_samples import ANSWER, ZOOM, query, wait_for
from held_script import HeldScript
from zoomearth.client import engine_command
from zoomearth.resources import version

Script = Callable[..., str]
PATCHED = """
import sys, os
from zoomearth import worker
{patch}
sys.exit(worker.main())
"""


class Line:
    """A worker's streams, a message at a time."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def say(self, **message: Any) -> None:
        self.say_raw(json.dumps(message).encode() + b"\n")

    def say_raw(self, line: bytes) -> None:
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        return json.loads(self.process.stdout.readline())

    def last_of(self, number: int) -> dict[str, Any]:
        """The message that ends a request; what comes before is passed over."""
        while True:
            message = self.hear()
            if message["id"] == number and message["event"] != "progress":
                return message

    def end(self) -> tuple[int, str]:
        """Close its input; its exit status and what it wrote to standard error."""
        _, log = self.process.communicate(timeout=30)
        return self.process.returncode, log.decode()


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., Line]]:
    """``start(patch="")``: a worker that is ready, in which ``patch`` ran first."""
    started: list[Line] = []

    def make(patch: str = "") -> Line:
        command = engine_command(sys.executable)
        if patch:
            command = [sys.executable, "-c", PATCHED.format(patch=patch)]
        started.append(Line(command, environment))
        assert started[-1].hear()["event"] == "ready"
        return started[-1]

    yield make
    for line in started:
        line.process.kill()
        line.process.communicate()


@pytest.fixture
def line(start: Callable[..., Line]) -> Line:
    return start()


def ask(line: Line, number: int, scene: Path, model: str) -> None:
    line.say(op="ask", id=number, query=query(scene, model).to_json())


def test_is_ready_with_its_protocol_and_version(environment: dict[str, str]) -> None:
    line = Line(engine_command(sys.executable), environment)
    pid = line.process.pid
    assert line.hear() == {"event": "ready", "protocol": 2, "version": version(), "pid": pid}
    assert line.end()[0] == 0


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\n",
        b"\n",
        b"[]\n",
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"op": "ping"}\n',
        b'{"op": "ping", "id": "x"}\n',
        b'{"op": "ping", "id": null}\n',
    ],
)
def test_garbage_is_answered_and_survived(line: Line, garbage: bytes) -> None:
    line.say_raw(garbage)
    refused = line.hear()
    assert (refused["event"], refused["id"], refused["error"]["code"]) == ("error", 0, "error")
    line.say(op="ping", id=3)
    assert line.hear() == {"event": "result", "id": 3, "result": {}}


def test_line_that_is_too_long_is_one_error(start: Callable[..., Line]) -> None:
    line = start("from zoomearth.core import wire\nworker.MAX_LINE_BYTES = wire.MAX_LINE_BYTES = 1000")
    line.say_raw(b"x" * 10_000 + b"\n")
    assert "a line of 1001 bytes" in line.hear()["error"]["message"]
    line.say(op="ping", id=3)
    assert line.hear()["id"] == 3


@pytest.mark.parametrize(
    "message",
    [
        {"op": "dance"},
        {},
        {"op": "ask"},
        {"op": "ask", "query": 7},
        {"op": "ask", "query": {"question": "?"}},
        {"op": "ask", "query": {"question": "?", "raster": {"uri": "x", "stretch": "wide"}}},
    ],
)
def test_request_that_makes_no_sense_keeps_its_id(line: Line, message: dict[str, Any]) -> None:
    line.say(id=5, **message)
    refused = line.hear()
    assert (refused["event"], refused["id"]) == ("error", 5)


def test_questions_are_answered_in_their_order(line: Line, scene: Path, script: Script) -> None:
    for number in (1, 2, 3):
        ask(line, number, scene, script(f"<answer>{number}</answer>"))
    ended = [line.last_of(number) for number in (1, 2, 3)]
    assert [message["result"]["answer"] for message in ended] == ["1", "2", "3"]


def test_cancel_ends_the_question_with_one_message(line: Line, scene: Path, script: Script) -> None:
    ask(line, 1, scene, script("word " * 200_000))
    while line.hear()["progress"]["stage"] != "looking":
        pass
    line.say(op="cancel", id=1)
    assert line.last_of(1) == {"event": "cancelled", "id": 1}
    line.say(op="ping", id=2)
    assert line.hear()["id"] == 2  # and not one of progress


def test_cancel_of_a_waiting_question(line: Line, scene: Path, script: Script, held: HeldScript) -> None:
    ask(line, 1, scene, held.model)
    wait_for(lambda: held.is_read)
    ask(line, 2, scene, script(ANSWER))
    line.say(op="cancel", id=2)
    line.say(op="cancel", id=77)
    held.release(ANSWER)
    assert line.last_of(1)["result"]["answer"] == "red"
    assert line.last_of(2)["event"] == "cancelled"


def test_shutdown(line: Line) -> None:
    line.say(op="shutdown")
    assert line.process.wait(30) == 0
    assert line.process.stdout.read() == b""


def test_end_of_input_ends_a_question_under_way(line: Line, scene: Path, script: Script) -> None:
    ask(line, 1, scene, script("word " * 200_000))
    line.hear()
    assert line.end()[0] == 0


def test_what_libraries_print_goes_to_the_log(
    start: Callable[..., Line], scene: Path, script: Script
) -> None:
    line = start(
        """
import zoomearth.perception.loop as loop
quiet = loop.ask
def noisy(*arguments, **options):
    print("from Python")
    os.write(1, b"from C\\n")
    os.system("echo from a child")
    assert sys.stdin.read() == ""
    return quiet(*arguments, **options)
loop.ask = noisy
"""
    )
    ask(line, 1, scene, script(ZOOM, ANSWER))
    assert line.last_of(1)["result"]["answer"] == "red"
    _, log = line.end()
    for noise in ("from Python", "from C", "from a child"):
        assert noise in log


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ("1 / 0", "error"),
        ("raise ImportError('no torch')", "engine_missing"),
        ("raise MemoryError()", "out_of_memory"),
        ("raise RecursionError()", "error"),
        ("return type('A', (), {'to_json': lambda self: {'seconds': float('nan')}})()", "error"),
        ("return type('A', (), {'to_json': lambda self: {'bytes': b''}})()", "error"),
    ],
)
def test_any_failure_costs_one_question(
    start: Callable[..., Line], scene: Path, script: Script, failure: str, code: str
) -> None:
    line = start(
        f"""
import zoomearth.perception.loop as loop
well = loop.ask
def ill(query, *arguments, **options):
    if query.options.max_zooms == 1:
        {failure}
    return well(query, *arguments, **options)
loop.ask = ill
"""
    )
    line.say(op="ask", id=1, query=query(scene, script(ANSWER), max_zooms=1).to_json())
    failed = line.last_of(1)
    assert (failed["event"], failed["error"]["code"]) == ("error", code)
    assert failed["error"]["hint"]
    ask(line, 2, scene, script(ANSWER))
    assert line.last_of(2)["result"]["answer"] == "red"
    assert "Traceback" in line.end()[1]


def test_answer_that_is_too_long_says_what_to_do(
    start: Callable[..., Line], scene: Path, script: Script
) -> None:
    line = start("worker.MAX_LINE_BYTES = 3000")
    ask(line, 1, scene, script("<answer>" + "x" * 3000 + "</answer>"))
    assert "view side" in line.last_of(1)["error"]["hint"]


@pytest.mark.slow
def test_loaded_model_is_kept_and_stops_within_a_few_tokens(line: Line, scene: Path, tmp_path: Path) -> None:
    from random_model import save_random_model

    folder = str(save_random_model(tmp_path))
    ask(line, 1, scene, folder)
    stages = []
    while True:  # the model writes nonsense until it is told to stop
        message = line.hear()
        stages.append(message["progress"]["stage"])
        if stages.count("looking") == 3:
            break
    assert "loading_model" in stages
    line.say(op="cancel", id=1)
    late = 0
    while line.hear()["event"] != "cancelled":
        late += 1
    assert late < 50  # of a thousand; what was in the pipe, and what the busy machine let through
    line.say(op="ask", id=2, query=query(scene, folder, max_zooms=0).to_json())
    stages = []
    while (message := line.hear())["event"] == "progress" and len(stages) < 20:
        stages.append(message["progress"]["stage"])
    assert "loading_model" not in stages
