"""A person's own layer over rasters of every kind; expected places come from PROJ, worked by hand."""

from __future__ import annotations

import struct
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
from affine import Affine
from data_files import NORTH_UP, write_image
from zoomearth.answers_file import append_answer
from zoomearth.core.frames import PixelBox
from zoomearth.core.types import Answer, AnswerFrame, Polygons, Query, RasterRequest, Region
from zoomearth.training.data.own_layer import LayerFields, read_layer

ROTATED = Affine(0.4, 0.3, 500_000, 0.3, -0.4, 5_300_000)
"""Half-metre pixels, turned: its rows and columns run along neither axis."""
SOUTH_UP = Affine(0.5, 0, 500_000, 0, 0.5, 5_299_000)
NOWHERE = (
    'ENGCRS["Undefined Cartesian SRS",EDATUM["Unknown engineering datum"],CS[Cartesian,2],'
    'AXIS["(E)",east],AXIS["(N)",north],LENGTHUNIT["metre",1]]'
)
"""What a GeoPackage calls no coordinate reference system."""
BOX = (100, 200, 300, 600)


def point(x: float, y: float) -> bytes:
    return struct.pack("<BIdd", 1, 1, x, y)


def polygon(ring: list[tuple[float, float]]) -> bytes:
    closed = [*ring, ring[0]]
    return struct.pack("<BIII", 1, 3, 1, len(closed)) + b"".join(struct.pack("<dd", *xy) for xy in closed)


def corners(box: tuple[float, float, float, float], transform: Affine) -> list[tuple[float, float]]:
    """A pixel box's corners on the map, by hand."""
    t = transform
    left, top, right, bottom = box
    places = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [(t.a * c + t.b * r + t.c, t.d * c + t.e * r + t.f) for c, r in places]


def write_layer(
    path: Path,
    geometries: list[bytes | None],
    crs: str | None = "EPSG:32633",
    layer: str = "own",
    **fields: Any,
) -> Path:
    count = len(geometries)
    told = {"question": ["Is it open?"] * count, "answer": ["yes"] * count, **fields}
    told = {name: values for name, values in told.items() if values is not None}
    options = {"geometry_type": "Unknown"} if any(geometries) else {}
    geometry = np.array(geometries, dtype=object) if options else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are meant to have no CRS
        pyogrio.raw.write(
            path,
            geometry=geometry,
            field_data=[np.array(values, dtype=object) for values in told.values()],
            fields=list(told),
            crs=crs if options else None,
            layer=layer,
            driver="GPKG",
            append=path.exists(),
            **options,
        )
    return path


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    return write_image(tmp_path / "one.tif", 2000, 1000, crs="EPSG:32633", transform=NORTH_UP)


@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED, SOUTH_UP], ids=["north-up", "rotated", "south-up"])
def test_a_polygon_in_the_rasters_crs(tmp_path: Path, transform: Affine) -> None:
    raster = write_image(tmp_path / "one.tif", 2000, 1000, crs="EPSG:32633", transform=transform)
    path = write_layer(tmp_path / "own.gpkg", [polygon(corners(BOX, transform))])
    (question,) = read_layer(path, raster)
    assert (question.question, question.answer, question.image) == ("Is it open?", "yes", raster)
    assert question.box is not None
    assert question.box.to_json() == pytest.approx(BOX, abs=1e-6)
    assert (question.level, question.type, question.split, question.area) == ("", "", "", None)


@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED, SOUTH_UP], ids=["north-up", "rotated", "south-up"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:3035"])
def test_a_polygon_in_another_crs(tmp_path: Path, transform: Affine, crs: str) -> None:
    raster = write_image(tmp_path / "one.tif", 2000, 1000, crs="EPSG:32633", transform=transform)
    there = pyproj.Transformer.from_crs("EPSG:32633", crs, always_xy=True)
    ring = [there.transform(x, y) for x, y in corners(BOX, transform)]
    (question,) = read_layer(write_layer(tmp_path / "own.gpkg", [polygon(ring)], crs), raster)
    assert question.box is not None
    assert question.box.to_json() == pytest.approx(BOX, abs=0.02)


def test_long_edges_bend(tmp_path: Path) -> None:
    """Along a parallel over 1,200 km: its middle lies farther south in UTM than its ends."""
    transform = Affine(1000, 0, -200_000, 0, -1000, 6_000_000)
    raster = write_image(tmp_path / "one.tif", 1400, 1000, crs="EPSG:32633", transform=transform)
    ring = [(8.0, 52.0), (22.0, 52.0), (22.0, 50.0), (8.0, 50.0)]
    there = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    edges = [there.transform(8 + 14 * step / 1000, 50.0) for step in range(1001)]
    bottom = max((6_000_000 - y) / 1000 for _, y in edges)
    (question,) = read_layer(write_layer(tmp_path / "own.gpkg", [polygon(ring)], "EPSG:4326"), raster)
    assert question.box is not None
    assert question.box.bottom == pytest.approx(bottom, abs=0.3)
    assert bottom - (6_000_000 - edges[0][1]) / 1000 > 20  # the corners alone would miss so many pixels


def test_a_polygon_across_the_antimeridian_in_turns_of_its_own(tmp_path: Path) -> None:
    """As the plugin splits answers at 180°, a raster from 179° to 181° meets positions at -179.5°."""
    transform = Affine(0.001, 0, 179, 0, -0.001, 10)
    raster = write_image(tmp_path / "one.tif", 2000, 1000, crs="EPSG:4326", transform=transform)
    ring = [(-179.5, 9.9), (-179.4, 9.9), (-179.4, 9.7), (-179.5, 9.7)]
    (question,) = read_layer(write_layer(tmp_path / "own.gpkg", [polygon(ring)], "EPSG:4326"), raster)
    assert question.box is not None
    assert question.box.to_json() == pytest.approx([1500, 100, 1600, 300], abs=1e-6)


def test_a_point_becomes_the_minimum_crop_about_it(tmp_path: Path, raster: Path) -> None:
    # Pixel (1000, 500) is 500 m east and 250 m south of the corner; (10, 500) lies near the left edge.
    geometries: list[bytes | None] = [point(500_500, 5_299_750), point(500_005, 5_299_750)]
    path = write_layer(tmp_path / "own.gpkg", geometries)
    middle, edge = read_layer(path, raster, minimum_crop_px=512)
    assert middle.box == PixelBox(744, 244, 1256, 756)
    assert edge.box == PixelBox(0, 244, 512, 756)
    assert read_layer(path, raster, minimum_crop_px=100)[0].box == PixelBox(950, 450, 1050, 550)


def test_no_geometry_asks_about_the_whole_raster(tmp_path: Path, raster: Path) -> None:
    path = write_layer(tmp_path / "own.gpkg", [None, polygon(corners(BOX, NORTH_UP))])
    assert [question.box is None for question in read_layer(path, raster)] == [True, False]


def test_a_table_without_geometry(tmp_path: Path, raster: Path) -> None:
    path = write_layer(tmp_path / "own.gpkg", [None, None], raster=["one.tif", "one.tif"])
    assert [(question.box, question.image) for question in read_layer(path)] == [(None, raster)] * 2


def test_a_polygon_over_the_edge_is_clipped(tmp_path: Path, raster: Path) -> None:
    path = write_layer(tmp_path / "own.gpkg", [polygon(corners((-20, -10, 300, 400), NORTH_UP))])
    (question,) = read_layer(path, raster)
    assert question.box is not None
    assert question.box.to_json() == pytest.approx([0, 0, 300, 400], abs=1e-6)


@pytest.mark.parametrize("crs", [None, NOWHERE], ids=["none", "undefined"])
def test_a_raster_without_georeference(tmp_path: Path, crs: str | None) -> None:
    """GIS draw it in columns and negative rows."""
    raster = write_image(tmp_path / "plain.png", 2000, 1000)
    ring = [(100, -200), (300, -200), (300, -600), (100, -600)]
    (question,) = read_layer(write_layer(tmp_path / "own.gpkg", [polygon(ring)], crs), raster)
    assert question.box == PixelBox(*BOX)


def test_a_raster_without_a_crs(tmp_path: Path) -> None:
    raster = write_image(tmp_path / "local.tif", 2000, 1000, transform=NORTH_UP)
    path = write_layer(tmp_path / "own.gpkg", [polygon(corners(BOX, NORTH_UP))], None)
    (question,) = read_layer(path, raster)
    assert question.box is not None
    assert question.box.to_json() == pytest.approx(BOX, abs=1e-6)


def test_level_type_and_split(tmp_path: Path, raster: Path) -> None:
    path = write_layer(
        tmp_path / "own.gpkg",
        [polygon(corners(BOX, NORTH_UP))] * 3,
        level=["Region", None, ""],
        type=["Object existence", "Roof Damage", None],
        split=["train", "test", "train"],
    )
    questions = read_layer(path, raster)
    assert [one.level for one in questions] == ["region", "", ""]
    assert [one.type for one in questions] == ["existence", "roof damage", ""]
    assert [one.question_id for one in read_layer(path, raster, "test")] == ["own-2"]


def test_other_names(tmp_path: Path, raster: Path) -> None:
    path = write_layer(
        tmp_path / "own.gpkg",
        [polygon(corners(BOX, NORTH_UP))],
        question=None,
        answer=None,
        frage=["Offen?"],
        antwort=["ja"],
        teil=["train"],
        bild=["one.tif"],
    )
    fields = LayerFields(question="frage", answer="antwort", split="teil", raster="bild")
    (question,) = read_layer(path, fields=fields)
    assert (question.question, question.answer, question.split, question.image) == (
        "Offen?",
        "ja",
        "train",
        raster,
    )


def test_rasters_by_feature(tmp_path: Path, raster: Path) -> None:
    other = write_image(tmp_path / "deep" / "two.tif", 2000, 1000, crs="EPSG:32633", transform=NORTH_UP)
    path = write_layer(
        tmp_path / "own.gpkg",
        [polygon(corners(BOX, NORTH_UP))] * 3,
        image=["one.tif", "deep/two.tif", "/once/it/was/here/one.tif"],
    )
    assert [question.image for question in read_layer(path)] == [raster, other, raster]


def test_only_layers_with_the_fields(tmp_path: Path, raster: Path) -> None:
    path = write_layer(tmp_path / "own.gpkg", [polygon(corners(BOX, NORTH_UP))])
    write_layer(path, [point(0, 0)], layer="other", question=None, answer=None, note=["x"])
    write_layer(path, [polygon(corners(BOX, NORTH_UP))], layer="more")
    assert [one.question_id for one in read_layer(path, raster)] == ["own-1", "more-1"]
    assert [one.question_id for one in read_layer(path, raster, layer="more")] == ["more-1"]


def test_geojson(tmp_path: Path, raster: Path) -> None:
    path = tmp_path / "own.geojson"
    there = pyproj.Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    ring = [list(there.transform(x, y)) for x, y in corners(BOX, NORTH_UP)]
    pyogrio.raw.write(
        path,
        geometry=np.array([polygon([(x, y) for x, y in ring])], dtype=object),
        field_data=[np.array(["Open?"], dtype=object), np.array(["no"], dtype=object)],
        fields=["question", "answer"],
        crs="EPSG:4326",
        geometry_type="Polygon",
        driver="GeoJSON",
    )
    (question,) = read_layer(path, raster)
    assert question.box is not None
    assert question.box.to_json() == pytest.approx(BOX, abs=0.2)  # GeoJSON keeps seven decimals


class TestAnswerLayer:
    """What the plugin itself writes."""

    def write(
        self,
        path: Path,
        raster: Path,
        regions: list[tuple[float, float, float, float]],
        polygons: Polygons | None = None,
    ) -> None:
        searched = (0, 0, 500, 400)
        answer = Answer(
            text="yes",
            regions=tuple(Region("gate", PixelBox(*box), tuple(corners(box, NORTH_UP))) for box in regions),
            steps=(),
            searched_box=PixelBox(*searched),
            searched_polygons=polygons or ((tuple(corners(searched, NORTH_UP)),),),
            frame=AnswerFrame.CRS,
            crs="EPSG:32633",
            seen_gsd_m=None,
            model="m",
            revision="r",
            seconds=1.0,
        )
        query = Query("Is there a gate?", RasterRequest(str(raster)))
        append_answer(path, answer, query, datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc))

    def test_a_region(self, tmp_path: Path, raster: Path) -> None:
        self.write(tmp_path / "answers.gpkg", raster, [BOX])
        (question,) = read_layer(tmp_path / "answers.gpkg")
        assert (question.question, question.answer, question.image) == ("Is there a gate?", "yes", raster)
        assert question.box is not None
        assert question.box.to_json() == pytest.approx(BOX, abs=1e-6)
        assert question.area is None

    def test_a_searched_area(self, tmp_path: Path, raster: Path) -> None:
        self.write(tmp_path / "answers.gpkg", raster, [])
        (question,) = read_layer(tmp_path / "answers.gpkg")
        assert question.box is None
        assert question.area is not None
        assert question.area.to_json() == pytest.approx([0, 0, 500, 400], abs=1e-6)

    def test_polygons_with_a_hole_are_written_as_such(self, tmp_path: Path, raster: Path) -> None:
        outer, hole = (tuple(corners(box, NORTH_UP)) for box in ((0, 0, 500, 400), (100, 100, 200, 300)))
        other = tuple(corners((600, 0, 700, 100), NORTH_UP))
        self.write(tmp_path / "answers.gpkg", raster, [], polygons=((outer, hole), (other,)))
        _, _, (place,), columns = pyogrio.raw.read(tmp_path / "answers.gpkg", columns=["area_m2"])
        # Multipolygon of two; the first has two rings of five positions, the second one.
        assert struct.unpack_from("<BII", place) == (1, 6, 2)
        assert struct.unpack_from("<BIII", place, 9) == (1, 3, 2, 5)
        assert struct.unpack_from("<BIII", place, 9 + 9 + 2 * (4 + 80)) == (1, 3, 1, 5)
        assert columns[0][0] == pytest.approx(0.25 * (500 * 400 - 100 * 200 + 100 * 100), rel=1e-3)

    def test_regions_of_one_answer_are_one_question(self, tmp_path: Path, raster: Path) -> None:
        self.write(tmp_path / "answers.gpkg", raster, [(100, 200, 300, 600), (700, 50, 800, 90)])
        (question,) = read_layer(tmp_path / "answers.gpkg")
        assert question.box is not None
        assert question.box.to_json() == pytest.approx([100, 50, 800, 600], abs=1e-6)

    def test_corrected_by_hand(self, tmp_path: Path, raster: Path) -> None:
        """The answer's text and the polygon were changed; ``pixel_box`` still says what the model saw."""
        path = write_layer(
            tmp_path / "answers.gpkg",
            [polygon(corners((10, 20, 60, 90), NORTH_UP)), None],
            layer="answers",
            answer=["no", "two"],
            kind=["region", "region"],
            source=[str(raster), str(raster)],
            pixel_box=["[100, 200, 300, 600]", "[100, 200, 300, 600]"],
        )
        moved, without = read_layer(path)
        assert moved.answer == "no"
        assert moved.box is not None
        assert moved.box.to_json() == pytest.approx([10, 20, 60, 90], abs=1e-6)
        assert without.box == PixelBox(*BOX)
