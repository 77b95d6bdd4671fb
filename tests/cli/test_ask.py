"""``zoomearth ask``: what it prints."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from affine import Affine
from cli_samples import ANSWER, LIMIT_S, UTM_33N, ZOOM, Ended, write_raster
from random_model import save_random_model
from rasterio.transform import from_origin

Run = Callable[..., Ended]
Script = Callable[..., str]
# View pixels [128, 96, 256, 192] × 2 = raster pixels [256, 192, 512, 384] of 10 m from (500000, 5600000).
BOX = [256, 192, 512, 384]
CORNERS = [[502560, 5598080], [505120, 5598080], [505120, 5596160], [502560, 5596160]]


class TestJson:
    def test_answer_comes_with_its_place(self, run: Run, scene: Path, script: Script) -> None:
        model = script(ZOOM, ANSWER)
        ended = run("ask", scene, "What colour is the ship?", "--model", model, "--json")
        assert ended.status == 0
        told = ["reading overview…", "looking…", "zooming…", "answering…", "done…"]
        assert ended.err.splitlines() == told
        assert ended.json.pop("seconds") > 0
        assert {**ended.json, "seconds": 0} == {
            "answer": "red",
            "regions": [
                {"label": "ship", "score": None, "verified": None, "pixel_box": BOX, "polygon": CORNERS}
            ],
            "crs": "EPSG:32633",
            "steps": [
                {"window": [0, 0, 1024, 768], "view_size": [512, 384], "text": ZOOM},
                # The box grows to 512 pixels around its centre (384, 288).
                {"window": [128, 32, 640, 544], "view_size": [512, 512], "text": ANSWER},
            ],
            "seen_gsd_m": 10,
            "native_share": 0.333333,  # 512² of 1024 × 768
            "model": f"scripted:{Path(model).name}",
            "revision": "scripted",
            "seconds": 0,
            "warnings": [],
            "approximations": ["overview_mean: The overview shows the mean of 2 × 2 pixels in one."],
        }

    def test_text_without_an_answer_is_warned_of(self, run: Run, scene: Path, script: Script) -> None:
        ended = run("ask", scene, "Red?", "--model", script(""), "--json")
        assert (ended.status, ended.json["answer"], len(ended.json["warnings"])) == (0, "", 1)

    def test_any_letters_come_as_ascii(self, run: Run, scene: Path, script: Script) -> None:
        ended = run("ask", scene, "Où?", "--model", script("<answer>à l’île 島</answer>"), "--json")
        assert ended.json["answer"] == "à l’île 島"
        assert ended.out.isascii()


class TestWords:
    def test_answer_comes_with_its_place(self, run: Run, scene: Path, script: Script) -> None:
        ended = run("ask", scene, "What colour is the ship?", "--model", script(ZOOM, ANSWER))
        assert ended.status == 0
        assert ended.out.splitlines() == [
            "red",
            "  ship: columns 256 to 512, rows 192 to 384",
            "  EPSG:32633: (502560, 5598080), (505120, 5598080), (505120, 5596160), (502560, 5596160)",
            "  finest pixel seen: 10 m",
            "  seen in full detail: 33.33% of the area",
            "  shown: The overview shows the mean of 2 × 2 pixels in one.",
        ]

    def test_a_model_cannot_steer_the_terminal(self, run: Run, scene: Path, script: Script) -> None:
        box = '[{"bbox_2d": [128, 96, 256, 192], "label": "\\u001b[2Jship"}]'
        ended = run("ask", scene, "Red?", "--model", script(box, "<answer>\x1b]0;title\x07red</answer>"))
        assert ended.status == 0
        assert not set(ended.out) & set("\x1b\x07")


class TestArea:
    @pytest.mark.parametrize(
        ("option", "value", "window"),
        [
            ("--pixels", "400,250,100,50", [100, 50, 400, 250]),  # corners in any order
            ("--pixels", "-50,-50,100,100", [0, 0, 100, 100]),
            # 1,000 m from the left are 100 pixels; 500 m from the top are 50.
            ("--area", "501000,5597500,504000,5599500", [100, 50, 400, 250]),
        ],
    )
    def test_only_it_is_looked_at(
        self, run: Run, scene: Path, script: Script, option: str, value: str, window: list[int]
    ) -> None:
        ended = run("ask", scene, "Red?", "--model", script(ANSWER), "--json", option, value)
        assert ended.json["steps"][0]["window"] == window

    def test_west_of_greenwich(self, run: Run, tmp_path: Path, script: Script) -> None:
        americas = write_raster(tmp_path / "west.tif", "EPSG:4326", from_origin(-74, 41, 0.001, 0.001))
        area = "-73.9,40.5,-73.5,40.9"
        ended = run("ask", americas, "Red?", "--area", area, "--model", script(ANSWER), "--json")
        assert ended.json["steps"][0]["window"] == [100, 100, 500, 500]


class TestOptions:
    def test_no_zooms(self, run: Run, scene: Path, script: Script) -> None:
        ended = run("ask", scene, "Red?", "--max-zooms", "0", "--model", script(ZOOM, ANSWER), "--json")
        assert (ended.status, len(ended.json["steps"])) == (0, 1)

    def test_view(self, run: Run, scene: Path, script: Script) -> None:
        shown = ("--view-side", "256", "--bands", "3,2,1", "--stretch", "minmax")
        ended = run("ask", scene, "Red?", *shown, "--model", script(ANSWER), "--json")
        assert ended.json["steps"][0]["view_size"] == [256, 192]


class TestPlace:
    def test_map_without_a_name(self, run: Run, tmp_path: Path, script: Script) -> None:
        plan = write_raster(tmp_path / "plan.tif", crs=None)
        ended = run("ask", plan, "Red?", "--model", script(ZOOM, ANSWER), "--json")
        assert ended.status == 0
        assert (ended.json["crs"], ended.json["seen_gsd_m"]) == (None, None)
        assert ended.json["regions"][0]["polygon"] == CORNERS
        (warning,) = ended.json["warnings"]
        assert warning.startswith("unreferenced: ")

    @pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
    def test_no_map_at_all(self, run: Run, tmp_path: Path, script: Script) -> None:
        photograph = write_raster(tmp_path / "photograph.tif", crs=None, transform=Affine.identity())
        ended = run("ask", photograph, "Red?", "--model", script(ZOOM, ANSWER), "--json")
        assert ended.json["regions"][0]["polygon"] == [[256, 192], [512, 192], [512, 384], [256, 384]]
        assert len(ended.json["warnings"]) == 1

    def test_rotated_by_a_right_angle(self, run: Run, tmp_path: Path, script: Script) -> None:
        # A column further is 10 m north, a row further is 10 m east.
        turned = write_raster(tmp_path / "turned.tif", transform=Affine(0, 10, 500_000, 10, 0, 5_600_000))
        ended = run("ask", turned, "Red?", "--model", script(ZOOM, ANSWER), "--json")
        corners = [[501920, 5602560], [501920, 5605120], [503840, 5605120], [503840, 5602560]]
        assert ended.json["regions"][0]["polygon"] == corners

    def test_file_name_with_any_letters(self, run: Run, tmp_path: Path, script: Script) -> None:
        write_raster(tmp_path / "île 島.tif", transform=UTM_33N)
        assert run("ask", "île 島.tif", "Red?", "--model", script(ANSWER)).status == 0


def test_installed_command_is_the_same(scene: Path, script: Script, environment: dict[str, str]) -> None:
    command = [Path(sys.executable).parent / "zoomearth", "ask", scene, "Red?", "--model", script(ANSWER)]
    asked = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=LIMIT_S)
    assert asked.stdout.decode().splitlines()[0] == "red"


def test_folder_of_weights(run: Run, scene: Path, tmp_path: Path) -> None:
    """Random weights say nothing of sense, but they run, and are told apart by their fingerprint."""
    save_random_model(tmp_path / "weights")
    ended = run(
        "ask", scene, "Red?", "--max-zooms", "0", "--view-side", "112", "--model", "weights", "--json"
    )
    assert ended.status == 0, ended.err
    assert ended.json["model"] == "weights"
    assert ended.json["revision"].startswith("sha256-")
