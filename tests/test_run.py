"""How `make run` chooses what to ask and reports how it ended; the window itself is tests/gui's."""

import json
import os
import sys
from pathlib import Path

import pytest
import run as main_job

ROOT = Path(__file__).resolve().parents[1]


def test_a_raster_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RASTER", str(tmp_path / "gone.tif"))
    with pytest.raises(main_job.RunError, match=r"gone\.tif"):
        main_job.chosen()


def test_a_raster_needs_a_question(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "own.tif").write_bytes(b"")
    monkeypatch.setenv("RASTER", str(tmp_path / "own.tif"))
    monkeypatch.setenv("QUESTION", " ")
    with pytest.raises(main_job.RunError, match="QUESTION"):
        main_job.chosen()


def test_the_demo_question_is_one_that_needs_zooming(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = [
        {"image_name": "scene_7.tif", "category": "existence", "question": "Are there ships?"},
        {"image_name": "scene_8.tif", "category": "color/pattern", "question": "What colour is the car?"},
        {"image_name": "scene_7.tif", "category": "color/pattern", "question": "What colour is the ship?"},
    ]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "scene_7.tif").write_bytes(b"")
    monkeypatch.setattr(main_job, "DEMO_FOLDER", tmp_path)
    assert main_job.demo(7) == (tmp_path / "scene_7.tif", "What colour is the ship?")


def test_the_profile_holds_the_plugin_switched_on(tmp_path: Path) -> None:
    main_job.prepare_profile(tmp_path)
    default = tmp_path / "profiles" / "default"
    assert (default / "python" / "plugins" / "zoomearth_plugin" / "metadata.txt").is_file()
    assert "zoomearth_plugin=true" in (default / "QGIS" / "QGIS3.ini").read_text()


@pytest.fixture
def qgis_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Puts a Python program in QGIS's place, to see each way that QGIS can end."""

    def write(code: str) -> None:
        monkeypatch.setattr(main_job, "RUN_FOLDER", tmp_path)
        monkeypatch.setattr(main_job, "qgis_command", lambda profiles, driver: [sys.executable, "-c", code])

    return write


def test_what_the_window_wrote_is_the_result(qgis_that, tmp_path: Path) -> None:
    qgis_that(
        "import json, os; from pathlib import Path; e = os.environ; "
        "text = e['ZOOMEARTH_RUN_QUESTION'] + e['ZOOMEARTH_RUN_RASTER']; "
        "Path(e['ZOOMEARTH_RUN_FOLDER'], 'result.json').write_text(json.dumps({'answer': text}))"
    )
    assert main_job.drive(Path("/a.tif"), "red?") == {"answer": "red?/a.tif"}


def test_a_window_that_dies_is_an_error_with_its_log(qgis_that, tmp_path: Path) -> None:
    qgis_that("import sys; print('boom', file=sys.stderr); sys.exit(7)")
    with pytest.raises(main_job.RunError, match=r"status 7.*qgis\.log"):
        main_job.drive(Path("/a.tif"), "red?")
    assert "boom" in (tmp_path / "qgis.log").read_text()


def test_a_window_that_hangs_is_ended(qgis_that, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    qgis_that(f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(600)")
    monkeypatch.setattr(main_job, "LIMIT_S", 1.0)
    with pytest.raises(main_job.RunError, match="no answer after"):
        main_job.drive(Path("/a.tif"), "red?")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
