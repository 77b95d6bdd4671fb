"""``zoomearth batch``: what it prints, and how it ends."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_samples import (
    ANSWER,
    Ended,
    answered_ids,
    command,
    many_jobs,
    numbered,
    read_rows,
    write_raster,
)
from zoomearth.batch.carrying import Tally
from zoomearth.batch.progress_line import Pace, state_of, time_left
from zoomearth.cli import main

Batch = Callable[..., Ended]
Script = Callable[..., str]


def test_json(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 4, ["scene.tif", "gone.tif"])
    ended = batch("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--json")
    counts = {"jobs": 4, "before": 0, "before_failed": 0, "answered": 2, "failed": 2}
    assert (ended.status, ended.json) == (0, counts)


def test_earlier_failures_are_counted(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 4, ["scene.tif", "gone.tif"])
    call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
    assert batch(*call).status == 0
    ended = batch(*call, "--resume")
    assert ended.out == "0 answered, 0 failed, 4 done before, 2 of them failed, of 4\n"
    assert "4 of 4, 2 failed\n" in ended.err
    counts = {"jobs": 4, "before": 4, "before_failed": 2, "answered": 0, "failed": 0}
    assert batch(*call, "--resume", "--json").json == counts


def test_words(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 4, ["scene.tif", "gone.tif"])
    ended = batch("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
    assert (ended.status, ended.out) == (0, "2 answered, 2 failed, 0 done before, of 4\n")
    lines = ended.err.splitlines()
    assert lines.count("4 of 4, 2 failed") == 1  # too few for a rate
    failed = [line for line in lines if line.startswith("WARNING") and "failed" in line]
    assert len(failed) == 2
    assert all(line.endswith("(raster_unreadable)") for line in failed)
    assert "\r" not in ended.err


def test_failure_is_one_object_too(batch: Batch) -> None:
    ended = batch("gone.csv", "--output", "out.gpkg", "--json")
    assert (ended.status, ended.json["error"]["code"]) == (1, "job_table_invalid")
    assert ended.err.endswith("(job_table_invalid)\n")


def test_wrong_call(batch: Batch) -> None:
    assert batch("jobs.csv").status == 2
    assert batch("jobs.csv", "--output", "out.gpkg", "--together", "0").status == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "2"], "need --engine ray"),
        (["--cores", "2"], "need --engine ray"),
        (["--cores", "0", "--engine", "ray"], "--cores"),
        (["--address", "head:6379"], "need --engine ray"),
        (["--view-side", "0"], "from 1"),
        (["--view-side", "4097"], "from 1 to 4096"),
    ],
    ids=" ".join,
)
def test_wrong_options(batch: Batch, options: list[str], said: str) -> None:
    ended = batch("jobs.csv", "--output", "out.gpkg", "--json", *options)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err.splitlines()[-1]


def test_cores_where_nothing_can_be_kept_to_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    with pytest.raises(SystemExit) as ended:
        main(["batch", "jobs.csv", "--output", "out.gpkg", "--engine", "ray", "--cores", "1"])
    assert ended.value.code == 2
    assert "keeps no process to some of its cores" in capsys.readouterr().err


def test_both_resume_and_overwrite(batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 1)
    ended = batch("jobs.csv", "--output", "out.gpkg", "--resume", "--overwrite", "--json")
    assert (ended.status, ended.json["error"]["code"]) == (1, "output_unwritable")


def test_verbose_after_the_command(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 1)
    call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
    assert "INFO " in batch(*call, "--verbose").err
    assert "INFO " not in batch(*call, "--overwrite").err


class TestFilesAreCheckedFirst:
    """Before the first question: the output is not even begun."""

    @pytest.fixture
    def refused(self, scene: Path, script: Script, batch: Batch, tmp_path: Path) -> Callable[..., None]:
        many_jobs(tmp_path, 2)
        name = script(ANSWER)

        def check(*options: str, said: str) -> None:
            ended = batch("jobs.csv", "--output", "out.gpkg", "--model", name, "--json", *options)
            assert (ended.status, ended.json["error"]["code"]) == (1, "output_unwritable")
            assert said in ended.json["error"]["message"]
            assert not (tmp_path / "out.gpkg").exists()

        return check

    @pytest.mark.parametrize(("option", "name"), [("--table", "F.csv"), ("--report", "F.html")])
    def test_wrong_places(self, refused: Callable[..., None], tmp_path: Path, option: str, name: str) -> None:
        (tmp_path / name).mkdir()
        refused(option, name, said=f"{name} is a folder")
        refused(option, f"none/{name}", said=f"none/{name}: there is no folder")
        refused(option, f"jobs.csv/{name}", said=f"jobs.csv/{name}: there is no folder")
        refused(option, f"{name}.pdf", said=f"{name}.pdf, which does not end in")

    @pytest.mark.parametrize(("option", "name"), [("--table", "F.csv"), ("--report", "F.html")])
    def test_sealed_folder(
        self, refused: Callable[..., None], sealed_folder: Path, option: str, name: str
    ) -> None:
        refused(option, str(sealed_folder / name), said=str(sealed_folder / name))

    @pytest.mark.parametrize(("option", "name"), [("--table", "F.csv"), ("--report", "F.html")])
    def test_what_is_there(
        self,
        refused: Callable[..., None],
        batch: Batch,
        script: Script,
        tmp_path: Path,
        option: str,
        name: str,
    ) -> None:
        """Is no less precious than an output, and replaced on request only."""
        (tmp_path / name).write_text("precious")
        refused(option, name, said=f"{name}, which is there already")
        assert (tmp_path / name).read_text() == "precious"
        call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), option, name)
        for more in ("--overwrite", "--resume"):
            assert batch(*call, more).status == 0
            assert "precious" not in (tmp_path / name).read_text()

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
    def test_pipe(self, refused: Callable[..., None], tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "F.csv")
        refused("--table", "F.csv", said="F.csv is a device or a pipe")

    def test_job_table(self, refused: Callable[..., None], tmp_path: Path) -> None:
        before = (tmp_path / "jobs.csv").read_bytes()
        refused("--table", "jobs.csv", said="the job table")
        assert (tmp_path / "jobs.csv").read_bytes() == before

    def test_raster(self, refused: Callable[..., None], tmp_path: Path) -> None:
        (tmp_path / "jobs.csv").write_text("raster,question\nheights.csv,Red?\n")
        refused("--table", "heights.csv", said="heights.csv, a raster of the jobs")
        if hasattr(os, "symlink"):
            (tmp_path / "folder").mkdir()
            (tmp_path / "folder" / "heights.csv").symlink_to(tmp_path / "heights.csv")
            refused("--table", "folder/heights.csv", said="a raster of the jobs")

    def test_raster_in_the_output(self, refused: Callable[..., None], tmp_path: Path) -> None:
        raster = f"GPKG:{tmp_path / 'out.gpkg'}:tiles"
        (tmp_path / "jobs.csv").write_text(f"raster,question\n{raster},Red?\n")
        refused("--overwrite", said="out.gpkg, a raster of the jobs")

    def test_each_other(self, refused: Callable[..., None], tmp_path: Path) -> None:
        """Their endings differ; a link tells them apart no more."""
        (tmp_path / "F.html").symlink_to(tmp_path / "F.csv")
        refused("--table", "F.csv", "--report", "F.html", said="that is the file of --report")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs terminals")
def test_bar_on_a_terminal(scene: Path, script: Script, environment: dict[str, str], tmp_path: Path) -> None:
    many_jobs(tmp_path, 3)
    fcntl = pytest.importorskip("fcntl")
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, pytest.importorskip("termios").TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    call = command("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
    running = subprocess.Popen(call, env=environment, cwd=tmp_path, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    told = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        told += piece
    os.close(ours)
    out, _ = running.communicate()
    assert (running.returncode, out) == (0, b"3 answered, 0 failed, 0 done before, of 3\n")
    assert b"3/3" in told
    assert b"0 failed" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_standard_output(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    many_jobs(tmp_path, 3)
    call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER), "--json")
    with open("/dev/full", "wb") as full:
        ended = batch(*call, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ended.status == 1
    assert ended.err.endswith("(disk_full)\n")
    assert "Traceback" not in ended.err
    assert answered_ids(tmp_path / "out.gpkg") == numbered(3)


def test_named_model_of_a_row_wins(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    red, blue = script(ANSWER), script("<answer>blue</answer>")
    (tmp_path / "jobs.csv").write_text(f"raster,question,model\nscene.tif,A?,{blue}\nscene.tif,B?,\n")
    assert batch("jobs.csv", "--output", "out.gpkg", "--model", red).status == 0
    answers = {row["question"]: row["answer"] for row in read_rows(tmp_path / "out.gpkg", "answers")}
    assert answers == {"A?": "blue", "B?": "red"}


def test_help_tells_the_columns(batch: Batch) -> None:
    ended = batch("--help")
    assert ended.status == 0
    said = " ".join(ended.out.split())
    assert "raster, question[, area, id, model" in said
    for told in ("default: 3", "default: 8", "default: local", "the model's own", "sorted by job"):
        assert told in said
    assert "--output F.gpkg where answers" in said


class TestPace:
    """Outcomes at seconds of a clock of one's own."""

    def rate(self, *came: tuple[float, int], now_s: float) -> float | None:
        pace = Pace()
        for seconds, outcomes in came:
            pace.note(outcomes, seconds)
        return pace.rate(now_s)

    def test_what_came_before_the_first_does_not_count(self) -> None:
        """A model loads for 100 s; then two come a second, the first of which are no measure."""
        came = [(100 + number / 2, number + 1) for number in range(21)]
        assert self.rate((0, 0), *came, now_s=110) == 2.0

    def test_together(self) -> None:
        """Eight at once each 20 s: 0.4 a second."""
        came = [(20.0 * (number // 8), number + 1) for number in range(40)]
        assert self.rate(*came, now_s=80) == 0.4

    def test_not_known_at_the_beginning(self) -> None:
        assert self.rate((0, 0), now_s=1000) is None
        assert self.rate((0, 1), now_s=1000) is None
        assert self.rate((0, 1), (500, 5), now_s=500) is None
        assert self.rate((0, 1), (2, 1000), now_s=2) is None
        assert self.rate((0, 1), (5, 6), now_s=5) == 1.0

    def test_pauses_count(self) -> None:
        assert self.rate((0, 1), (10, 11), (10, 11), now_s=40) == 0.25


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "about 5 s"),
        (42, "about 40 s"),
        (87, "about 85 s"),
        (88, "about 1 min"),
        (180, "about 3 min"),
        (7500, "about 2 h 5 min"),
        (259_200, "about 3 days"),
    ],
)
def test_time_left(seconds: float, said: str) -> None:
    assert time_left(seconds) == said


@pytest.mark.parametrize(("before", "failed"), [(0, 1), (700, 3)])
def test_time_left_is_that_of_the_outcomes(before: int, failed: int) -> None:
    """Ten a second, with an earlier run's or without; the words are those that QGIS reads."""
    pace = Pace()
    for number in range(101):
        pace.note(number + 1, 1000 + number / 10)
    tally = Tally(1400, before=before, before_failed=failed - 1, answered=100, failed=1)
    left_s = {0: "about 2 min", 700: "about 60 s"}[before]
    assert state_of(tally, pace, 1010) == f"{failed} failed, 10 a second, {left_s} left"


@pytest.mark.slow
def test_lines_tell_the_time_left(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    """Nothing at first; then how many a second, as it was on the whole, and how long it will take."""
    many_jobs(tmp_path, 3000)
    start_s = time.monotonic()
    ended = batch("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
    rate = 3000 / (time.monotonic() - start_s)
    lines = ended.err.splitlines()
    assert re.fullmatch(r"\d+ of 3000, 0 failed", lines[0])
    timed = [re.fullmatch(r"\d+ of 3000, 0 failed, (\d+) a second, about \d+ s left", line) for line in lines]
    rates = [int(match[1]) for match in timed if match]
    assert rates
    assert all(rate / 4 < one < 4 * rate for one in rates)
    assert re.fullmatch(r"3000 of 3000, 0 failed, \d+ a second", lines[-1])


@pytest.mark.slow
def test_ray_is_quiet(scene: Path, script: Script, batch: Batch, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    many_jobs(tmp_path, 4)
    call = ("jobs.csv", "--output", "out.gpkg", "--model", script(ANSWER))
    ended = batch(*call, "--engine", "ray", "--workers", "1")
    assert (ended.status, ended.out) == (0, "4 answered, 0 failed, 0 done before, of 4\n")
    assert all(" of 4, 0 failed" in line for line in ended.err.splitlines())


def test_rasters_without_a_place_are_no_noise(
    scene: Path, script: Script, environment: dict[str, str], tmp_path: Path
) -> None:
    """Threads that change the filters of warnings at once let through what Rasterio filters."""
    write_raster(tmp_path / "scene.tif", None, None)
    many_jobs(tmp_path, 2)
    code = (
        "import sys; from zoomearth.cli import main; "
        f"main(['batch', 'jobs.csv', '--output', 'out.gpkg', '--model', {script(ANSWER)!r}]); "
        "import rasterio; rasterio.open('scene.tif')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert ended.stderr == "2 of 2, 0 failed\n"


def test_nothing_heavy_is_loaded_for_a_scripted_model(
    scene: Path, script: Script, environment: dict[str, str], tmp_path: Path
) -> None:
    """Torch takes seconds and memory, and what answers here needs none."""
    many_jobs(tmp_path, 2)
    code = (
        "import sys; from zoomearth.cli import main; "
        f"main(['batch', 'jobs.csv', '--output', 'out.gpkg', '--model', {script(ANSWER)!r}]); "
        "sys.exit('torch' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, check=False)
    assert ended.returncode == 0
