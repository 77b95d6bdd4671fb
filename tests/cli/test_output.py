"""``zoomearth ask --output``: the GeoPackage as another program reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from affine import Affine
from cli_samples import ANSWER, ZOOM, Ended, crs_of, rows, tables, write_points, write_raster
from rasterio.transform import from_origin

Run = Callable[..., Ended]
Script = Callable[..., str]
# View pixels [128, 96, 256, 192] × 2 = raster pixels [256, 192, 512, 384] of 10 m from (500000, 5600000).
CORNERS = [(502560, 5598080), (505120, 5598080), (505120, 5596160), (502560, 5596160)]
WHOLE = [(500000, 5600000), (510240, 5600000), (510240, 5592320), (500000, 5592320)]
LAEA = "+proj=laea +lat_0=51 +lon_0=12.5 +x_0=0 +y_0=0 +ellps=bessel +units=m"
"""Of no registered code: it is told as WKT."""


class Asking:
    """Questions about one raster into one file."""

    def __init__(self, run: Run, script: Script, path: Path) -> None:
        self.path = path
        self._run = run
        self._script = script

    def __call__(self, raster: Path, *outputs: str, question: str = "Red?") -> Ended:
        model = self._script(*outputs)
        return self._run("ask", raster, question, "--model", model, "--output", self.path, "--json")

    def refused(self, raster: Path) -> str:
        """Ask in vain; the hint. It was found out before the model had to look."""
        ended = self(raster, ANSWER)
        assert ended.status == 1
        assert set(ended.json) == {"error"}
        assert ended.error["code"] == "output_unwritable"
        assert len(ended.err.splitlines()) == 2
        return ended.error["hint"]


@pytest.fixture
def ask(run: Run, script: Script, tmp_path: Path) -> Asking:
    return Asking(run, script, tmp_path / "answers.gpkg")


class TestFeature:
    def test_region(self, ask: Asking, scene: Path) -> None:
        ended = ask(scene, ZOOM, ANSWER, question="  What colour is\nthe ship? ")
        assert tables(ask.path) == {"answers": "MultiPolygon"}
        assert crs_of(ask.path) == "EPSG:32633"
        (row,) = rows(ask.path)
        asked_at = datetime.fromisoformat(row.pop("asked_at").replace("Z", "+00:00"))
        assert timedelta(0) < datetime.now(timezone.utc) - asked_at < timedelta(minutes=2)
        # On the ground, 256 × 192 squares of 10 m, which a UTM map shows at 0.9996 of their length.
        assert row.pop("area_m2") == pytest.approx(2560 * 1920 / 0.9996**2, rel=1e-6)
        assert row == {
            "ring": [*CORNERS, CORNERS[0]],
            "question": "What colour is the ship?",
            "answer": "red",
            "label": "ship",
            "score": None,
            "verified": None,
            "kind": "region",
            "step": 1,
            "reasoning": "There.\nI see.",
            "raw_output": f"{ZOOM}\n\n{ANSWER}",
            "model": ended.json["model"],
            "revision": "scripted",
            "source": str(scene),
            "seen_gsd_m": 10,
            "pixel_box": "[256, 192, 512, 384]",
            "seconds": ended.json["seconds"],
            "warnings": "overview_mean: The overview shows the mean of 2 × 2 pixels in one.",
        }

    def test_answer_without_a_region_lies_where_was_looked(self, ask: Asking, scene: Path) -> None:
        ask(scene, "<answer>no</answer>")
        (row,) = rows(ask.path)
        assert row["ring"] == [*WHOLE, WHOLE[0]]
        assert (row["kind"], row["label"], row["pixel_box"]) == ("searched_area", None, "[0, 0, 1024, 768]")

    def test_map_without_a_name_goes_to_a_table_of_its_own(self, ask: Asking, tmp_path: Path) -> None:
        ask(write_raster(tmp_path / "plan.tif", crs=None), ZOOM, ANSWER)
        assert tables(ask.path) == {"answers_unreferenced": "MultiPolygon"}
        assert crs_of(ask.path, "answers_unreferenced") is None
        (row,) = rows(ask.path, "answers_unreferenced")
        assert row["ring"] == [*CORNERS, CORNERS[0]]
        assert row["area_m2"] is None
        assert row["warnings"].startswith("unreferenced: ")

    @pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
    def test_rows_of_a_photograph_go_down(self, ask: Asking, tmp_path: Path) -> None:
        ask(write_raster(tmp_path / "p.tif", crs=None, transform=Affine.identity()), ZOOM, ANSWER)
        (row,) = rows(ask.path, "answers_unreferenced")
        assert row["ring"] == [(256, -192), (512, -192), (512, -384), (256, -384), (256, -192)]

    def test_text_that_no_database_holds(self, ask: Asking, scene: Path) -> None:
        ended = ask(scene, "<answer>red'); DROP TABLE answers; -- \x00\ud800 島</answer>")
        assert ended.status == 0
        (row,) = rows(ask.path)
        assert row["answer"].startswith("red'); DROP TABLE answers; --")
        assert row["answer"].endswith("島")


class TestFileThatIsThere:
    def test_answers_are_appended(self, ask: Asking, scene: Path) -> None:
        ask(scene, ANSWER, question="First?")
        ask(scene, ZOOM, ANSWER, question="Second?")
        assert [row["question"] for row in rows(ask.path)] == ["First?", "Second?"]

    def test_crs_without_a_code_is_known_again(self, ask: Asking, tmp_path: Path) -> None:
        raster = write_raster(tmp_path / "laea.tif", LAEA, from_origin(0, 0, 10, 10))
        assert [ask(raster, ANSWER).status for _ in range(2)] == [0, 0]
        assert len(rows(ask.path)) == 2

    def test_other_tables_stay(self, ask: Asking, scene: Path) -> None:
        write_points(ask.path, "roads")
        assert ask(scene, ANSWER).status == 0
        assert tables(ask.path) == {"roads": "Point", "answers": "MultiPolygon"}
        assert len(rows(ask.path)) == 1

    def test_another_crs_is_refused(self, ask: Asking, scene: Path, tmp_path: Path) -> None:
        ask(scene, ANSWER)
        before = ask.path.read_bytes()
        degrees = write_raster(tmp_path / "degrees.tif", "EPSG:4326", from_origin(10, 50, 1e-4, 1e-4))
        assert ask.refused(degrees) == "Name another file for this raster."
        assert ask.path.read_bytes() == before

    def test_another_table_of_that_name_is_refused(self, ask: Asking, scene: Path) -> None:
        before = write_points(ask.path, "answers").read_bytes()
        assert ask.refused(scene) == "Name another file."
        assert ask.path.read_bytes() == before

    @pytest.mark.parametrize("content", [b"", b"a diary, in spite of its name"])
    def test_no_geopackage_is_refused(self, ask: Asking, scene: Path, content: bytes) -> None:
        ask.path.write_bytes(content)
        assert ask.refused(scene) == "Name another file."
        assert ask.path.read_bytes() == content

    def test_raster_itself_is_refused(self, ask: Asking) -> None:
        before = write_raster(ask.path, driver="GPKG").read_bytes()
        assert ask.refused(ask.path) == "Name another file."
        assert ask.path.read_bytes() == before


class TestPlaceThatCannotBe:
    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("answers.geojson", "Name a file that ends in .gpkg."),
            ("gone/answers.gpkg", "Name a folder that is there."),
            ("folder.gpkg", "Name another file."),
            (f"{'x' * 300}.gpkg", "Choose a folder that you may write to."),
        ],
    )
    def test_is_refused(
        self, run: Run, script: Script, scene: Path, tmp_path: Path, name: str, hint: str
    ) -> None:
        (tmp_path / "folder.gpkg").mkdir()
        assert Asking(run, script, tmp_path / name).refused(scene) == hint

    def test_raster_is_not_written_over(self, run: Run, script: Script, tmp_path: Path) -> None:
        raster = write_raster(tmp_path / "own.tif")
        before = raster.read_bytes()
        assert Asking(run, script, raster).refused(raster) == "Name a file that ends in .gpkg."
        assert raster.read_bytes() == before
