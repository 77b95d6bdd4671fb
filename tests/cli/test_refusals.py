"""What cannot be done is said in a sentence with a code, and nothing is half done."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from cli_samples import ANSWER, Ended, write_raster

Run = Callable[..., Ended]
Script = Callable[..., str]


def is_refused(ended: Ended, code: str) -> bool:
    """Whether it failed with that code, told as a sentence and a hint and by nothing else."""
    message, hint = ended.err.splitlines()
    is_told = message.startswith("zoomearth: ") and hint.endswith(f" ({code})")
    return is_told and ended.status == 1 and ended.out == ""


def is_wrong_call(ended: Ended, said: str) -> bool:
    last = ended.err.splitlines()[-1]
    return ended.status == 2 and ended.out == "" and last.startswith("zoomearth") and said in last


class TestRaster:
    def test_not_there(self, run: Run, script: Script) -> None:
        ended = run("ask", "gone.tif", "Red?", "--model", script(ANSWER))
        assert is_refused(ended, "raster_unreadable")
        assert "gone.tif" in ended.err

    @pytest.mark.parametrize("name", ["", "text.tif"])
    def test_no_raster(self, run: Run, tmp_path: Path, script: Script, name: str) -> None:
        (tmp_path / "text.tif").write_text("no raster")
        assert is_refused(run("ask", name, "Red?", "--model", script(ANSWER)), "raster_unreadable")

    def test_cut_short(self, run: Run, scene: Path, tmp_path: Path, script: Script) -> None:
        (tmp_path / "short.tif").write_bytes(scene.read_bytes()[:500_000])
        ended = run("ask", "short.tif", "Red?", "--model", script(ANSWER))
        assert ended.status == 1
        assert ended.err.endswith("(raster_unreadable)\n")
        assert "Traceback" not in ended.err

    def test_nothing_in_it(self, run: Run, tmp_path: Path, script: Script) -> None:
        with rasterio.open(write_raster(tmp_path / "empty.tif", nodata=0), "r+") as file:
            file.write(np.zeros((3, file.height, file.width), np.uint8))
        ended = run("ask", "empty.tif", "Red?", "--model", script(ANSWER))
        assert (ended.status, ended.out) == (1, "")
        assert ended.err.endswith("(raster_empty)\n")

    def test_no_such_band(self, run: Run, scene: Path, script: Script) -> None:
        ended = run("ask", scene, "Red?", "--bands", "4", "--model", script(ANSWER))
        assert is_refused(ended, "raster_unreadable")
        assert "from 1 to 3" in ended.err

    @pytest.mark.parametrize("area", [("--pixels", "2000,0,3000,10"), ("--area", "-10,-10,-5,-5")])
    def test_area_elsewhere(self, run: Run, scene: Path, script: Script, area: tuple[str, str]) -> None:
        assert is_refused(run("ask", scene, "Red?", *area, "--model", script(ANSWER)), "area_outside")


class TestQuestion:
    @pytest.mark.parametrize("question", [" \n ", "x" * 10_000])
    def test_none_or_a_book(self, run: Run, scene: Path, script: Script, question: str) -> None:
        assert is_refused(run("ask", scene, question, "--model", script(ANSWER)), "question_invalid")

    @pytest.mark.skipif(os.name == "nt", reason="arguments are text there")
    def test_bytes_that_are_no_text(self, run: Run, scene: Path, script: Script) -> None:
        ended = run("ask", scene, b"Red \xff?", "--model", script(ANSWER))
        assert is_wrong_call(ended, r"'Red \udcff?' is no text")


class TestModel:
    @pytest.mark.parametrize(
        ("model", "code"),
        [
            ("nope", "model_missing"),
            ("nobody/nothing", "model_missing"),
            ("scripted:gone.json", "model_missing"),
            ("scripted:text.json", "model_incompatible"),
            ("pickled", "weights_unsafe"),
            ("other", "model_incompatible"),
        ],
    )
    def test_none(self, run: Run, scene: Path, tmp_path: Path, model: str, code: str) -> None:
        (tmp_path / "text.json").write_text("{")
        for name in ("pickled", "other"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "config.json").write_text('{"model_type": "bert"}')
        (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"")
        assert is_refused(run("ask", scene, "Red?", "--model", model), code)


def test_json_tells_it_on_standard_output(run: Run, script: Script) -> None:
    ended = run("ask", "gone.tif", "Red?", "--model", script(ANSWER), "--json")
    assert ended.status == 1
    assert set(ended.json) == {"error"}
    assert set(ended.error) == {"code", "message", "hint"}
    assert ended.error["code"] == "raster_unreadable"
    assert ended.error["message"] in ended.err
    assert ended.error["hint"] in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["dance"], "'dance'"),
        (["ask"], "RASTER, QUESTION"),
        (["ask", "any.tif", "Red?", "--frobnicate"], "--frobnicate"),
        (["ask", "any.tif", "Red?", "--pixels", "1,2,3"], "4 numbers"),
        (["ask", "any.tif", "Red?", "--area", "0,0,nan,1"], "finite"),
        (["ask", "any.tif", "Red?", "--area", "0,0,1,1", "--pixels", "0,0,1,1"], "not allowed with"),
        (["ask", "any.tif", "Red?", "--bands", "1,2"], "one or three band numbers"),
        (["ask", "any.tif", "Red?", "--bands", "0"], "one or three band numbers"),
        (["ask", "any.tif", "Red?", "--stretch", "gamma"], "'gamma'"),
        (["ask", "any.tif", "Red?", "--max-zooms", "21"], "from 0 to 20"),
        (["ask", "any.tif", "Red?", "--view-side", "0"], "from 1"),
        (["models"], "action"),
        (["scenes", "out", "--size", "511"], "at least 512"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_wrong_call(run: Run, arguments: list[str], said: str) -> None:
    assert is_wrong_call(run(*arguments), said)


def test_scenes_where_no_folder_can_be(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ended = run("scenes", "file", "--count", "1", "--size", "512")
    assert is_refused(ended, "output_unwritable")
    assert (tmp_path / "file").read_text() == "in the way"
