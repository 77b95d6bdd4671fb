"""A run that is killed goes on where it was; a run of something else is not gone on with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from benchmark_samples import lrs_gro_folder, zoom
from zoomearth.benchmark.journal import ANSWERS, read_answers
from zoomearth.benchmark.report import main
from zoomearth.core.errors import DataInvalidError, OutputUnwritableError

IMAGES = 6
ANSWERS_IN_ALL = IMAGES * (6 + 6 + 4)
"""Six questions an image in two modes, four of them with a true place to be shown."""
COMMAND = "import sys; from zoomearth.benchmark.report import main; sys.exit(main('lrs-gro', sys.argv[1:]))"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return lrs_gro_folder(tmp_path_factory.mktemp("data"), IMAGES)


def written(script: Path, *outputs: str) -> str:
    script.write_text(json.dumps(outputs))
    return f"scripted:{script}"


@pytest.fixture
def model(tmp_path: Path) -> str:
    return written(tmp_path / "model.json", zoom(100, 60, 140, 90, answer="port"), "<answer>red</answer>")


def figures(folder: Path) -> dict[str, Any]:
    """All figures but the seconds."""
    found = json.loads((folder / "figures.json").read_text())
    for mode in ("active", "passive", "oracle"):
        del found["figures"][mode]["seconds"]
    return found


def answers(folder: Path) -> list[dict[str, Any]]:
    """All answers but their seconds, in the order of the questions."""
    every = [json.loads(line) for line in (folder / ANSWERS).read_text().splitlines()]
    for one in every:
        del one["seconds"]
    return sorted(every, key=lambda one: (one["id"], one["mode"]))


def killed(arguments: list[str], path: Path, lines: int) -> int:
    """Start the benchmark in a process of its own, and kill it behind so many answers."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < end:
            if path.exists() and path.read_bytes().count(b"\n") >= lines:
                break
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        return process.wait()
    finally:
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_run_goes_on_and_ends_the_same(data: Path, model: str, tmp_path: Path, capsys) -> None:
    arguments = ["--data", str(data), "--model", model, "--output"]
    whole, halted = tmp_path / "whole", tmp_path / "halted"
    assert main("lrs-gro", [*arguments, str(whole)]) == 0
    said = capsys.readouterr().out

    assert killed([*arguments, str(halted)], halted / ANSWERS, 30) == -signal.SIGKILL
    first = (halted / ANSWERS).read_bytes()
    assert 30 <= first.count(b"\n") < ANSWERS_IN_ALL
    assert not (halted / "report.md").exists()
    with (halted / ANSWERS).open("ab") as file:
        file.write(b'{"id": "torn", "mode": "acti')
    assert main("lrs-gro", [*arguments, str(halted), "--resume"]) == 0

    assert (halted / ANSWERS).read_bytes().startswith(first)
    assert len(answers(whole)) == ANSWERS_IN_ALL
    assert answers(halted) == answers(whole)
    assert figures(halted) == figures(whole)
    cost = "## Cost"
    assert capsys.readouterr().out.split(cost)[0] == said.split(cost)[0]


def test_a_finished_run_asks_nothing_again(data: Path, model: str, tmp_path: Path, capsys) -> None:
    arguments = ["--data", str(data), "--model", model, "--output", str(tmp_path / "run"), "--questions", "9"]
    main("lrs-gro", arguments)
    before = (tmp_path / "run" / ANSWERS).read_bytes()
    said = capsys.readouterr().out
    main("lrs-gro", arguments)
    assert (tmp_path / "run" / ANSWERS).read_bytes() == before
    assert capsys.readouterr().out == said
    main("lrs-gro", [*arguments, "--report-only", "--model", "scripted:gone.json"])
    assert capsys.readouterr().out == said


def test_more_questions_hold_the_fewer(data: Path, model: str, tmp_path: Path) -> None:
    arguments = [
        "--data",
        str(data),
        "--model",
        model,
        "--output",
        str(tmp_path / "run"),
        "--modes",
        "passive",
    ]
    main("lrs-gro", [*arguments, "--questions", "10"])
    before = set(read_answers(tmp_path / "run" / ANSWERS))
    main("lrs-gro", [*arguments, "--questions", "25"])
    after = set(read_answers(tmp_path / "run" / ANSWERS))
    assert (len(before), len(after)) == (10, 25)
    assert before < after
    # Fewer again: the figures are those of the fewer.
    main("lrs-gro", [*arguments, "--questions", "10"])
    assert json.loads((tmp_path / "run" / "figures.json").read_text())["questions"] == 10


def test_other_settings_and_models_are_refused(data: Path, model: str, tmp_path: Path) -> None:
    arguments = ["--data", str(data), "--model", model, "--output", str(tmp_path / "run"), "--questions", "2"]
    main("lrs-gro", arguments)
    other = written(tmp_path / "other.json", "<answer>no</answer>")
    for changed, said in (
        (["--max-zooms", "1"], "max_zooms is 3 there and 1 here"),
        (["--view-side", "300"], "view_side_px is 512 there and 300 here"),
        (["--seed", "4"], "data.seed is 0 there and 4 here"),
        (["--model", other], "model is 'scripted:model.json' there and 'scripted:other.json' here"),
    ):
        with pytest.raises(OutputUnwritableError) as caught:
            main("lrs-gro", [*arguments, *changed])
        assert said in caught.value.message


def test_other_data_of_the_same_names_is_refused(data: Path, model: str, tmp_path: Path) -> None:
    arguments = ["--model", model, "--output", str(tmp_path / "run"), "--questions", "2", "--data"]
    main("lrs-gro", [*arguments, str(data)])
    text = (data / "test.jsonl").read_text().replace('"port"', '"airport"')
    other = tmp_path / "test.jsonl"
    other.write_text(text)
    with pytest.raises(OutputUnwritableError, match=r"data\.data is 'sha256-"):
        main("lrs-gro", [*arguments, str(other), "--images", str(data / "images")])


def test_a_data_set_that_was_moved_is_the_same(data: Path, model: str, tmp_path: Path) -> None:
    home = lrs_gro_folder(tmp_path / "first", 2)
    arguments = ["--model", model, "--output", str(tmp_path / "run"), "--data"]
    main("lrs-gro", [*arguments, str(home)])
    before = (tmp_path / "run" / ANSWERS).read_bytes()
    home.rename(tmp_path / "second")
    main("lrs-gro", [*arguments, str(tmp_path / "second")])
    assert (tmp_path / "run" / ANSWERS).read_bytes() == before


def test_a_failed_question_is_asked_again(model: str, tmp_path: Path) -> None:
    home = lrs_gro_folder(tmp_path / "data", 2)
    arguments = ["--data", str(home), "--model", model, "--output", str(tmp_path / "run")]
    path = home / "images" / "tile_1.tif"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])  # the header is whole, most tiles are not there
    main("lrs-gro", arguments)
    errors = [one.error for one in read_answers(tmp_path / "run" / ANSWERS).values()]
    assert errors.count("raster_unreadable") > 0 and errors.count("") >= 16
    path.write_bytes(content)
    main("lrs-gro", arguments)
    assert not any(one.error for one in read_answers(tmp_path / "run" / ANSWERS).values())


def test_resuming_from_nowhere_is_an_error(data: Path, model: str, tmp_path: Path) -> None:
    arguments = ["--data", str(data), "--model", model, "--resume", "--output", str(tmp_path / "none")]
    with pytest.raises(DataInvalidError, match=r"run\.json"):
        main("lrs-gro", arguments)
