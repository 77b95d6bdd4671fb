"""A person's own layer that cannot be used: every bad feature is named, nothing is guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
from data_files import NORTH_UP, refusal, write_image
from test_own_layer import BOX, corners, point, polygon, write_layer
from zoomearth.training.data.own_layer import read_layer


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    return write_image(tmp_path / "one.tif", 2000, 1000, crs="EPSG:32633", transform=NORTH_UP)


FAR = polygon(corners((9000, 9000, 9100, 9100), NORTH_UP))
HALF = polygon(corners((-300, 0, 100, 100), NORTH_UP))


@pytest.mark.parametrize(
    ("geometry", "fields", "said"),
    [
        (
            FAR,
            {},
            "geometry: lies outside the raster: pixels [9000.0, 9000.0, 9100.0, 9100.0] of 2000 x 1000",
        ),
        (HALF, {}, "geometry: lies outside the raster: pixels [-300.0, 0.0, 100.0, 100.0]"),
        (point(0, 0), {}, "geometry: lies outside the raster"),
        (None, {"question": None}, "question: is missing"),
        (None, {"question": " "}, "question: is empty"),
        (None, {"answer": None}, "answer: is missing"),
        (None, {"level": "galaxy"}, "level: 'galaxy' is no level (global, region, object)"),
        (None, {"raster": "two.tif"}, "raster: there is no image two.tif"),
        (None, {"raster": None}, "raster: is missing"),
        (None, {"pixel_box": "[3, 2, 1]"}, "pixel_box: [3, 2, 1] has 3 numbers"),
        (None, {"pixel_box": "[0, 0, 9000, 10]"}, "pixel_box: [0.0, 0.0, 9000.0, 10.0] lies outside"),
    ],
)
def test_bad_features(
    tmp_path: Path, raster: Path, geometry: bytes | None, fields: dict[str, Any], said: str
) -> None:
    good = {"question": "Open?", "answer": "no", "level": "", "raster": raster.name, "pixel_box": ""}
    path = write_layer(
        tmp_path / "own.gpkg",
        [polygon(corners(BOX, NORTH_UP)), geometry],
        **{name: [value, fields.get(name, value)] for name, value in good.items()},
    )
    message = refusal(lambda: read_layer(path))
    assert message.startswith(f"{path}, own feature 2, ")
    assert said in message


def test_all_bad_features_are_named(tmp_path: Path, raster: Path) -> None:
    path = write_layer(
        tmp_path / "own.gpkg", [FAR] * 12, answer=[None, "", *["yes"] * 10], level=["", "x", *[""] * 10]
    )
    lines = refusal(lambda: read_layer(path, raster)).splitlines()
    assert len(lines) == 11 and lines[-1] == "and 2 more rows"
    assert "answer: is missing" in lines[0] and "geometry" in lines[0]
    assert "answer: is empty" in lines[1] and "level: 'x'" in lines[1]


def test_a_layer_without_the_fields(tmp_path: Path, raster: Path) -> None:
    path = write_layer(tmp_path / "own.gpkg", [point(500_500, 5_299_750)], answer=None, note=["x"])
    message = refusal(lambda: read_layer(path, raster))
    assert message == f"{path}: no layer has the fields answer: own has question, note"


def test_an_empty_layer(tmp_path: Path, raster: Path) -> None:
    path = tmp_path / "own.gpkg"
    empty = np.array([], dtype=object)
    pyogrio.raw.write(
        path,
        geometry=empty,
        field_data=[empty, empty],
        fields=["question", "answer"],
        crs="EPSG:32633",
        geometry_type="Polygon",
        layer="own",
        driver="GPKG",
    )
    assert refusal(lambda: read_layer(path, raster)) == f"{path} holds no question"


def test_a_layer_that_is_not_there(tmp_path: Path, raster: Path) -> None:
    path = write_layer(tmp_path / "own.gpkg", [point(500_500, 5_299_750)])
    assert "has no layer 'other', only own" in refusal(lambda: read_layer(path, raster, layer="other"))


def test_files_that_are_no_layers(tmp_path: Path, raster: Path) -> None:
    broken = tmp_path / "broken.gpkg"
    broken.write_bytes(b"SQLite format 3\x00 and then nothing")
    assert f"{broken} cannot be read" in refusal(lambda: read_layer(broken, raster))
    assert "there is no" in refusal(lambda: read_layer(tmp_path / "nothing.gpkg", raster))


def test_rasters_that_are_none(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "own.gpkg", [point(500_500, 5_299_750)])
    assert "there is no raster" in refusal(lambda: read_layer(path, tmp_path / "nothing.tif"))
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"no raster")
    assert "broken.tif cannot be read" in refusal(lambda: read_layer(path, broken))


def test_nothing_is_guessed_where_one_has_a_crs_and_the_other_none(tmp_path: Path, raster: Path) -> None:
    without = write_layer(tmp_path / "without.gpkg", [point(500_500, 5_299_750)], None)
    assert "and the layer has none" in refusal(lambda: read_layer(without, raster))
    plain = write_image(tmp_path / "plain.png", 2000, 1000)
    with_crs = write_layer(tmp_path / "with.gpkg", [point(500_500, 5_299_750)])
    assert "and the raster has none" in refusal(lambda: read_layer(with_crs, plain))


def test_a_place_that_the_projection_cannot_show(tmp_path: Path, raster: Path) -> None:
    path = write_layer(tmp_path / "own.gpkg", [polygon([(0, 90), (1, 95), (2, 200)])], "EPSG:4326")
    assert "own feature 1, geometry" in refusal(lambda: read_layer(path, raster))
