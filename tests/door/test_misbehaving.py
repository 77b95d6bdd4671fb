"""Workers that misbehave, each a real process: one question is lost, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from door_samples import LIMIT_S, Asking, children, query, wait_for
from zoomearth.client import Client
from zoomearth.core import wire, worker_process
from zoomearth.core.errors import (
    Cancelled,
    EngineMissingError,
    WorkerDiedError,
    WorkerTimeoutError,
    ZoomEarthError,
)
from zoomearth.core.progress import CancelToken, Stage
from zoomearth.core.types import Area, Query, RasterRequest

ClientOf = Callable[..., Client]
QUESTION = query("any.tif", "any")
LOOKING = """say(event="progress", id=1, progress={"stage": "looking"})"""
"""Of the first question: it has arrived, as far as the client can know."""


class TestStart:
    @pytest.mark.parametrize("command", [["/no/such/python"], ["/"]])
    def test_no_such_program(self, make_client: Callable[..., Client], command: list[str]) -> None:
        with pytest.raises(EngineMissingError, match="does not start") as caught:
            make_client(command).ask(QUESTION)
        assert "environment" in caught.value.hint

    def test_dies_with_last_words(self, client_of: ClientOf) -> None:
        client = client_of("print('no module named torch', file=sys.stderr); sys.exit(3)")
        with pytest.raises(WorkerDiedError) as caught:
            client.ask(QUESTION)
        assert caught.value.message == "the engine ended with status 3\nno module named torch"
        assert "settings" in caught.value.hint
        assert not client.is_running

    def test_each_question_tries_again(self, client_of: ClientOf, tmp_path: Path) -> None:
        client = client_of(
            f"""
if not os.path.exists({str(tmp_path / "mended")!r}): sys.exit(1)
ready()
question = hear()
say(event="result", id=question["id"], result=ANSWERED)
hear()
"""
        )
        with pytest.raises(WorkerDiedError):
            client.ask(QUESTION)
        (tmp_path / "mended").touch()
        assert client.ask(QUESTION).text == "red"

    def test_never_ready(self, client_of: ClientOf) -> None:
        client = client_of(
            "print('loading…', file=sys.stderr, flush=True); time.sleep(99)", start_timeout_s=1
        )
        with pytest.raises(WorkerTimeoutError, match="not ready after 1 s\nloading…"):
            client.ask(QUESTION)
        assert children() == []

    def test_cancel_while_it_starts(self, client_of: ClientOf) -> None:
        client = client_of("time.sleep(99)")
        asking = Asking(client, QUESTION)
        asking.wait_until_told(Stage.STARTING)
        asking.cancel.cancel()
        assert isinstance(asking.outcome(), Cancelled)

    @pytest.mark.parametrize("said", ["protocol=1", "protocol='1'", "version='0'"])
    def test_other_protocol(self, client_of: ClientOf, said: str) -> None:
        client = client_of(f"say(event='ready', {said}); time.sleep(99)")
        with pytest.raises(WorkerDiedError, match=r"protocol .* instead of 2"):
            client.ask(QUESTION)
        assert children() == []


class TestNonsense:
    @pytest.mark.parametrize(
        "line",
        [
            b"hello",
            b"",
            b"[1, 2]",
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"event": "result", "id": [1], "result": {}}',
            b'{"event": "result", "id": "1", "result": {}}',
        ],
        ids=lambda line: repr(line[:40]),
    )
    @pytest.mark.parametrize("is_early", [True, False])
    def test_line_that_is_no_message(self, client_of: ClientOf, line: bytes, is_early: bool) -> None:
        begin = "" if is_early else "ready(); hear()"
        client = client_of(
            f"{begin}\n"
            "print('I feel unwell', file=sys.stderr, flush=True)\n"
            f"sys.stdout.buffer.write({line!r} + b'\\n'); sys.stdout.flush(); time.sleep(99)"
        )
        with pytest.raises(WorkerDiedError, match="spoke nonsense") as caught:
            client.ask(QUESTION)
        assert caught.value.message.endswith("\nI feel unwell")
        assert children() == []

    @pytest.mark.parametrize(
        "reply",
        [
            'event="dance"',
            'event="result"',
            'event="result", result=[]',
            'event="result", result={}',
            'event="result", result={**ANSWERED, "searched_box": [1, 2]}',
            'event="progress", progress={"stage": "dancing"}',
            'event="progress"',
            'event="error"',
            'event="error", error="none"',
        ],
    )
    def test_reply_that_makes_no_sense(self, client_of: ClientOf, reply: str) -> None:
        client = client_of(f"ready(); n = hear()['id']; say(id=n, {reply}); time.sleep(99)")
        with pytest.raises(WorkerDiedError, match="makes no sense"):
            client.ask(QUESTION)
        assert children() == []

    def test_endless_line(self, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker_process, "MAX_LINE_BYTES", 100_000)
        monkeypatch.setattr(wire, "MAX_LINE_BYTES", 100_000)
        client = client_of("ready(); hear()\nwhile True: sys.stdout.write('x' * 1000)")
        with pytest.raises(WorkerDiedError, match="a line of 100001 bytes"):
            client.ask(QUESTION)

    def test_replies_to_nobody_are_passed_over(self, client_of: ClientOf) -> None:
        client = client_of(
            """
ready(); n = hear()["id"]
say(event="result", id=n + 7, result={})
say(event="progress", id=-1, progress={})
say(event="result", id=n, result=ANSWERED)
hear()
"""
        )
        assert client.ask(QUESTION).text == "red"

    def test_request_that_it_could_not_read(self, client_of: ClientOf) -> None:
        client = client_of(
            """
ready(); hear()
say(event="error", id=0, error={"code": "error", "message": "what was that?", "hint": ""})
hear()
"""
        )
        with pytest.raises(ZoomEarthError, match=r"what was that\?"):
            client.ask(QUESTION)

    def test_code_of_a_later_release(self, client_of: ClientOf) -> None:
        client = client_of(
            """
ready(); n = hear()["id"]
say(event="error", id=n, error={"code": "moon_phase", "message": "full", "hint": "Wait."})
hear()
"""
        )
        with pytest.raises(ZoomEarthError) as caught:
            client.ask(QUESTION)
        assert (caught.value.message, caught.value.hint) == ("full", "Wait.")


class TestSilence:
    def test_is_ended_by_a_cancel(self, client_of: ClientOf) -> None:
        client = client_of(f"ready(); hear(); {LOOKING}; hear(); time.sleep(99)", cancel_grace_s=0.4)
        asking = Asking(client, QUESTION)
        asking.wait_until_told(Stage.LOOKING)
        asking.cancel.cancel()
        assert isinstance(asking.outcome(), Cancelled)
        wait_for(lambda: children() == [])

    def test_in_the_middle_of_a_line(self, client_of: ClientOf) -> None:
        client = client_of(
            f'ready(); hear(); {LOOKING}; sys.stdout.write(\'{{"event": "res\'); sys.stdout.flush()\n'
            "time.sleep(99)",
            cancel_grace_s=0.4,
        )
        asking = Asking(client, QUESTION)
        asking.wait_until_told(Stage.LOOKING)
        asking.cancel.cancel()
        assert isinstance(asking.outcome(), Cancelled)

    def test_death_in_the_middle_of_a_line(self, client_of: ClientOf) -> None:
        client = client_of(
            'ready(); hear(); sys.stdout.write(\'{"event": "res\'); sys.stdout.flush(); os._exit(7)'
        )
        with pytest.raises(WorkerDiedError, match=r"^the engine ended with status 7$"):
            client.ask(QUESTION)

    def test_standard_output_closed(self, client_of: ClientOf) -> None:
        client = client_of("ready(); hear(); os.close(1); time.sleep(99)")
        with pytest.raises(WorkerDiedError):
            client.ask(QUESTION)
        assert children() == []

    def test_ping_without_a_reply(self, client_of: ClientOf) -> None:
        client = client_of("ready(); hear(); time.sleep(99)")
        with pytest.raises(WorkerTimeoutError, match=r"ping within 0\.2 s"):
            client.ping(0.2)

    def test_worker_that_does_not_read_holds_nobody_up(self, client_of: ClientOf) -> None:
        corners = tuple((float(n), 0.0) for n in range(100_000))  # a megabyte: no pipe takes that
        asked = Query("What?", RasterRequest("any.tif"), Area.of_ring(*corners))
        client = client_of(f"ready()\nwhile True: {LOOKING}; time.sleep(0.1)", cancel_grace_s=0.4)
        asking = Asking(client, asked)
        asking.wait_until_told(Stage.LOOKING)
        asking.cancel.cancel()
        assert isinstance(asking.outcome(), Cancelled)
        wait_for(lambda: children() == [])

    def test_worker_that_says_a_lot_beside(self, client_of: ClientOf) -> None:
        client = client_of(
            """
ready(); n = hear()["id"]
sys.stderr.write("x" * 5_000_000); sys.stderr.flush()
say(event="result", id=n, result=ANSWERED)
hear()
"""
        )
        assert client.ask(QUESTION).text == "red"

    def test_worker_that_will_not_leave_is_killed(self, client_of: ClientOf) -> None:
        client = client_of("ready()\nwhile True: time.sleep(9)")
        with pytest.raises(WorkerTimeoutError):
            client.ping(0.1)
        client.close()
        assert children() == []


class TestLateReplies:
    def test_answer_after_a_cancel_is_no_answer(self, client_of: ClientOf) -> None:
        client = client_of(
            """
ready()
while True:
    n = hear()["id"]
    say(event="progress", id=n, progress={"stage": "looking"})
    if hear()["op"] == "cancel":
        say(event="result", id=n, result=ANSWERED)
"""
        )
        for _ in range(3):
            cancel = CancelToken()
            with pytest.raises(Cancelled):
                client.ask(QUESTION, report=lambda _, cancel=cancel: cancel.cancel(), cancel=cancel)
        assert len(children()) == 1

    def test_late_answer_is_not_the_next_question_s(self, client_of: ClientOf) -> None:
        client = client_of(
            """
ready()
first = hear()["id"]
say(event="progress", id=first, progress={"stage": "looking"})
hear()
time.sleep(0.6)
say(event="result", id=first, result={**ANSWERED, "answer": "late"})
second = hear()["id"]
say(event="result", id=first, result={**ANSWERED, "answer": "late again"})
say(event="result", id=second, result=ANSWERED)
hear()
""",
            cancel_grace_s=LIMIT_S,
        )
        asking = Asking(client, QUESTION)
        asking.wait_until_told(Stage.LOOKING)
        asking.cancel.cancel()
        assert isinstance(asking.outcome(), Cancelled)
        assert client.ask(QUESTION).text == "red"
