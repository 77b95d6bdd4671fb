"""The client with the real worker: answers, turns, cancels, deaths, and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from door_samples import ANSWER, LIMIT_S, ZOOM, Asking, children, is_alive, query, wait_for
from held_script import HeldScript
from zoomearth.client import Client, engine_command, engine_environment
from zoomearth.core.errors import Cancelled, QuestionInvalidError, WorkerDiedError, ZoomEarthError
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken, Progress, Stage
from zoomearth.core.types import Answer, Area, Query, RasterRequest

Script = Callable[..., str]
ENDLESS = "word " * 200_000
"""A model that never comes to an end: each word is told, with all the words before."""


def worker_pid() -> int:
    (pid,) = children()
    return pid


class TestAnswer:
    def test_comes_with_its_place(self, client: Client, scene: Path, script: Script) -> None:
        answer = client.ask(query(scene, script(ZOOM, ANSWER)))
        # View pixels [128, 96, 256, 192] × 4 = raster pixels [512, 384, 1024, 768] of 10 m from
        # (500000, 5600000).
        (region,) = answer.regions
        assert (answer.text, region.label, answer.crs) == ("red", "ship", "EPSG:32633")
        assert region.pixel_box == PixelBox(512, 384, 1024, 768)
        corners = ((505120, 5596160), (510240, 5596160), (510240, 5592320), (505120, 5592320))
        assert region.polygon == corners
        assert [step.view_size for step in answer.steps] == [(512, 384), (512, 512)]

    def test_pictures_come_through_the_door(self, client: Client, scene: Path, script: Script) -> None:
        answer = client.ask(query(scene, script(ZOOM, ANSWER), with_pictures=True))
        # Base64 of a PNG's first bytes.
        assert [step.picture_png[:11] for step in answer.steps] == ["iVBORw0KGgo"] * 2

    def test_is_told_of_stage_by_stage(self, client: Client, scene: Path, script: Script) -> None:
        told: list[Progress] = []
        client.ask(query(scene, script(ZOOM, ANSWER)), report=told.append)
        stages = list(dict.fromkeys(progress.stage for progress in told))
        assert stages == [
            Stage.STARTING,
            Stage.OPENING,
            Stage.READING_OVERVIEW,
            Stage.LOOKING,
            Stage.ZOOMING,
            Stage.ANSWERING,
            Stage.DONE,
        ]
        fractions = [progress.fraction for progress in told if progress.fraction is not None]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0

    def test_questions_share_a_worker_that_starts_with_the_first(
        self, client: Client, scene: Path, script: Script
    ) -> None:
        assert not client.is_running
        assert children() == []
        client.ask(query(scene, script(ANSWER)))
        first = worker_pid()
        client.ask(query(scene, script(ANSWER)))
        assert client.is_running
        assert worker_pid() == first

    def test_nothing_starts_for_an_invalid_question(self, client: Client, scene: Path) -> None:
        for question in ("", " \n ", "x" * 10_000):
            with pytest.raises(QuestionInvalidError):
                client.ask(Query(question, RasterRequest(str(scene))))
        assert not client.is_running

    def test_nothing_heavy_is_loaded_before_it_is_ready(self, client: Client) -> None:
        client.ping(LIMIT_S)
        libraries = Path(f"/proc/{worker_pid()}/maps").read_text()
        assert "python" in libraries
        assert not [name for name in ("torch", "numpy", "gdal") if name in libraries]

    def test_nothing_from_the_current_folder_passes_for_a_module(
        self, client: Client, scene: Path, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "rasterio.py").write_text("raise SystemExit('a stranger')")
        monkeypatch.chdir(tmp_path)
        if sys.version_info < (3, 11):
            pytest.skip("Python 3.10 knows no PYTHONSAFEPATH")
        assert client.ask(query(scene, script(ANSWER))).text == "red"


class TestTurns:
    def test_second_waits_is_told_and_gets_its_own_answer(
        self, client: Client, scene: Path, script: Script, held: HeldScript
    ) -> None:
        first = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        second = Asking(client, query(scene, script("<answer>blue</answer>")))
        second.wait_until_told(Stage.QUEUED)
        assert [progress.stage for progress in second.told] == [Stage.QUEUED]
        held.release(ANSWER)
        assert first.outcome().text == "red"
        assert second.outcome().text == "blue"
        assert Stage.QUEUED not in [progress.stage for progress in first.told]

    def test_many_threads_at_once(self, client: Client, scene: Path, script: Script) -> None:
        asked = [Asking(client, query(scene, script(f"<answer>{n}</answer>"))) for n in range(8)]
        assert [asking.outcome().text for asking in asked] == [str(n) for n in range(8)]
        assert len(children()) == 1

    def test_cancel_while_waiting_leaves_the_first_alone(
        self, client: Client, scene: Path, script: Script, held: HeldScript
    ) -> None:
        first = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        second = Asking(client, query(scene, script(ANSWER)))
        second.wait_until_told(Stage.QUEUED)
        second.cancel.cancel()
        assert isinstance(second.outcome(), Cancelled)
        held.release(ANSWER)
        assert first.outcome().text == "red"

    def test_ping_overtakes_a_question(self, client: Client, scene: Path, held: HeldScript) -> None:
        asking = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        assert 0 < client.ping(LIMIT_S) < LIMIT_S
        held.release(ANSWER)
        assert asking.outcome().text == "red"


class TestCancel:
    def test_before_it_begins(self, client: Client, scene: Path, script: Script) -> None:
        cancel = CancelToken()
        cancel.cancel()
        with pytest.raises(Cancelled):
            client.ask(query(scene, script(ANSWER)), cancel=cancel)
        assert not client.is_running

    def test_while_the_model_writes_keeps_the_worker(
        self, client: Client, scene: Path, script: Script
    ) -> None:
        asking = Asking(client, query(scene, script(ENDLESS)))
        wait_for(lambda: len(asking.told) > 20)
        pid = worker_pid()
        asking.cancel.cancel()
        assert isinstance(asking.outcome(), Cancelled)
        assert client.ask(query(scene, script(ANSWER))).text == "red"
        assert worker_pid() == pid

    def test_nothing_is_told_after_it(self, client: Client, scene: Path, script: Script) -> None:
        cancel, told = CancelToken(), []

        def report(progress: Progress) -> None:
            told.append(progress)
            if progress.stage is Stage.LOOKING:
                cancel.cancel()

        with pytest.raises(Cancelled):
            client.ask(query(scene, script(ENDLESS)), report=report, cancel=cancel)
        assert [progress.stage for progress in told].count(Stage.LOOKING) == 1

    def test_worker_that_is_stuck_is_killed_and_another_starts(
        self, make_client: Callable[..., Client], scene: Path, script: Script, held: HeldScript
    ) -> None:
        client = make_client(cancel_grace_s=0.8)
        asking = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        stuck = worker_pid()
        asking.cancel.cancel()
        assert isinstance(asking.outcome(), Cancelled)
        assert is_alive(stuck)  # who asked is free already; its grace is not over
        told: list[Progress] = []
        assert client.ask(query(scene, script(ANSWER)), report=told.append).text == "red"
        assert not is_alive(stuck)
        assert told[0].stage is Stage.STARTING

    def test_worker_that_recovers_within_its_grace_is_kept(
        self, make_client: Callable[..., Client], scene: Path, script: Script, held: HeldScript
    ) -> None:
        client = make_client(cancel_grace_s=LIMIT_S)
        asking = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        pid = worker_pid()
        asking.cancel.cancel()
        assert isinstance(asking.outcome(), Cancelled)
        second = Asking(client, query(scene, script("<answer>blue</answer>")))
        held.release(ANSWER)
        assert second.outcome().text == "blue"
        assert worker_pid() == pid

    def test_question_that_waits_for_a_stuck_worker_can_be_cancelled(
        self, make_client: Callable[..., Client], scene: Path, script: Script, held: HeldScript
    ) -> None:
        client = make_client(cancel_grace_s=LIMIT_S)
        first = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        first.cancel.cancel()
        first.outcome()
        second = Asking(client, query(scene, script(ANSWER)))
        second.cancel.cancel()
        assert isinstance(second.outcome(), Cancelled)

    def test_report_that_fails_ends_the_question_and_keeps_the_worker(
        self, client: Client, scene: Path, script: Script
    ) -> None:
        def report(progress: Progress) -> None:
            if progress.stage is Stage.LOOKING:
                raise ValueError("the dock is gone")

        with pytest.raises(ValueError, match="the dock is gone"):
            client.ask(query(scene, script(ENDLESS)), report=report)
        pid = worker_pid()
        assert client.ask(query(scene, script(ANSWER))).text == "red"
        assert worker_pid() == pid


class TestDeath:
    def test_killed_in_the_middle(
        self, client: Client, scene: Path, script: Script, held: HeldScript
    ) -> None:
        asking = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        killed = worker_pid()
        os.kill(killed, signal.SIGKILL)
        error = asking.outcome()
        assert (error.code, error.message) == ("worker_died", "the engine was ended by SIGKILL")
        assert "memory" in error.hint
        assert client.ask(query(scene, script(ANSWER))).text == "red"
        assert worker_pid() != killed

    def test_killed_between_questions_is_not_noticed(
        self, client: Client, scene: Path, script: Script
    ) -> None:
        client.ask(query(scene, script(ANSWER)))
        os.kill(worker_pid(), signal.SIGKILL)
        wait_for(lambda: not client.is_running)
        assert client.ask(query(scene, script(ANSWER))).text == "red"

    def test_crash_tells_its_last_words(self, client: Client, scene: Path, held: HeldScript) -> None:
        asking = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        os.kill(worker_pid(), signal.SIGABRT)
        assert asking.outcome().message.startswith("the engine was ended by SIGABRT")

    def test_waiting_question_gets_a_new_worker(
        self, client: Client, scene: Path, script: Script, held: HeldScript
    ) -> None:
        first = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        second = Asking(client, query(scene, script(ANSWER)))
        second.wait_until_told(Stage.QUEUED)
        os.kill(worker_pid(), signal.SIGKILL)
        assert isinstance(first.outcome(), WorkerDiedError)
        assert second.outcome().text == "red"


class TestClose:
    def test_leaves_nothing_and_may_come_twice(self, client: Client, scene: Path, script: Script) -> None:
        client.ask(query(scene, script(ANSWER)))
        client.close()
        client.close()
        assert not client.is_running
        assert children() == []

    def test_without_a_worker(self, client: Client) -> None:
        client.close()

    def test_is_for_good(self, client: Client, scene: Path, script: Script) -> None:
        client.close()
        with pytest.raises(WorkerDiedError, match="shut down"):
            client.ask(query(scene, script(ANSWER)))
        with pytest.raises(WorkerDiedError, match="shut down"):
            client.ping()

    def test_ends_questions_under_way_and_waiting(
        self, client: Client, scene: Path, script: Script, held: HeldScript
    ) -> None:
        first = Asking(client, query(scene, held.model))
        wait_for(lambda: held.is_read)
        second = Asking(client, query(scene, script(ANSWER)))
        second.wait_until_told(Stage.QUEUED)
        client.close()
        assert children() == []
        for asking in (first, second):
            assert asking.outcome().message == "the engine was shut down"

    def test_with_block_closes(self, environment: dict[str, str]) -> None:
        with Client(engine_command(sys.executable), environment) as client:
            client.ping(LIMIT_S)
        assert children() == []


PARENT = """
import sys, threading
sys.path.insert(0, {heart!r})
from zoomearth.client import Client, engine_command
from zoomearth.core.types import Query, RasterRequest
client = Client(engine_command(sys.executable))
client.ping(30)
print(client._worker._process.pid, flush=True)
client.ask(Query("What?", RasterRequest({raster!r}), model={model!r}))
"""


@pytest.mark.parametrize("is_stuck", [False, True])
def test_worker_does_not_outlive_its_parent(
    is_stuck: bool, environment: dict[str, str], scene: Path, script: Script, held: HeldScript
) -> None:
    model = held.model if is_stuck else script(ENDLESS)
    code = PARENT.format(heart=environment["PYTHONPATH"], raster=str(scene), model=model)
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    if is_stuck:
        wait_for(lambda: held.is_read)
    assert is_alive(pid)
    parent.kill()
    parent.communicate()
    wait_for(lambda: not is_alive(pid))


class TestBadInput:
    """Each with its code, and the same worker answers the next question."""

    @pytest.mark.parametrize(
        ("area", "code"),
        [
            (Area(pixels=PixelBox(5000, 5000, 6000, 6000)), "area_outside"),
            (Area.of_ring((0, 0), (1, 0), (1, 1), (0, 1)), "area_outside"),
        ],
    )
    def test_area(self, client: Client, scene: Path, script: Script, area: Area, code: str) -> None:
        asked = Query("What?", RasterRequest(str(scene)), area, model=script(ANSWER))
        assert self._code(client, asked, query(scene, script(ANSWER))) == code

    @pytest.mark.parametrize(
        ("model", "code"),
        [
            ("no-such-model", "model_missing"),
            ("scripted:no-such-file.json", "model_missing"),
            ("pickled", "weights_unsafe"),
            ("other", "model_incompatible"),
        ],
    )
    def test_model(
        self, client: Client, scene: Path, script: Script, tmp_path: Path, model: str, code: str
    ) -> None:
        for name in ("pickled", "other"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "config.json").write_text('{"model_type": "llama"}')
        (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"\x80\x04.")
        named = str(tmp_path / model) if code in ("weights_unsafe", "model_incompatible") else model
        assert self._code(client, query(scene, named), query(scene, script(ANSWER))) == code

    @pytest.mark.parametrize("kind", ["missing", "text", "truncated"])
    def test_file(self, client: Client, scene: Path, script: Script, tmp_path: Path, kind: str) -> None:
        path = tmp_path / "bad.tif"
        if kind == "text":
            path.write_text("no raster")
        elif kind == "truncated":
            path.write_bytes(scene.read_bytes()[:5000])
        asked = query(path, script(ANSWER))
        assert self._code(client, asked, query(scene, script(ANSWER))) == "raster_unreadable"

    def test_script_that_is_none(self, client: Client, scene: Path, script: Script, tmp_path: Path) -> None:
        (tmp_path / "bad.json").write_text("{}")
        asked = query(scene, f"scripted:{tmp_path}/bad.json")
        assert self._code(client, asked, query(scene, script(ANSWER))) == "model_incompatible"

    @staticmethod
    def _code(client: Client, asked: Query, next_one: Query) -> str:
        client.ping(LIMIT_S)
        pid = worker_pid()
        with pytest.raises(ZoomEarthError) as caught:
            client.ask(asked)
        assert caught.value.hint
        assert isinstance(client.ask(next_one), Answer)
        assert worker_pid() == pid
        return caught.value.code


def test_environment_names_the_heart_and_the_cache(tmp_path: Path) -> None:
    found = engine_environment(tmp_path, None)
    assert found["PYTHONPATH"] == str(tmp_path)
    assert "ZOOMEARTH_CACHE" not in found
    assert engine_environment(tmp_path, tmp_path / "c")["ZOOMEARTH_CACHE"] == str(tmp_path / "c")
    assert engine_command("/x/python") == ["/x/python", "-m", "zoomearth", "worker"]
