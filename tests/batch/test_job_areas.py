"""Areas of job tables: each is looked at as it was meant, or refused; none becomes another."""

from __future__ import annotations

import sqlite3
import struct
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
from batch_samples import read_rows, run_batch_command
from job_samples import MODEL, read, refusal, refusal_of
from zoomearth.batch.jobs import read_jobs
from zoomearth.core.area import Area
from zoomearth.core.frames import PixelBox


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "jobs.csv"


NO_EXTENT = "has no extent; for the whole raster leave the cell empty (NULL)"
NOT_CLOSED = "has a ring that is not closed: its last position must be its first"


class TestCells:
    @pytest.mark.parametrize("text", ["1,2,3,4", "1 2 3 4", "1; 2; 3; 4"])
    def test_corners(self, table: Path, text: str) -> None:
        (job,) = read(table, f'raster,question,area\na.tif,Red?,"{text}"\n')
        assert job.area == Area.of_ring((1, 4), (3, 4), (3, 2), (1, 2))

    @pytest.mark.parametrize("text", ["pixels 5,6,7,8", "PIXELS 5 6 7 8", "pixel 5;6;7;8"])
    def test_pixels(self, table: Path, text: str) -> None:
        (job,) = read(table, f'raster,question,area\na.tif,Red?,"{text}"\n')
        assert job.area == Area(pixels=PixelBox(5, 6, 7, 8))

    def test_polygon_with_a_hole(self, table: Path) -> None:
        wkt = "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 1))"
        (job,) = read(table, f'raster,question,area\na.tif,Red?,"{wkt}"\n')
        assert job.area is not None
        assert job.area.polygons == ((((0, 0), (9, 0), (9, 9), (0, 9)), ((1, 1), (2, 1), (2, 2))),)

    def test_outline_that_crosses_itself(self, table: Path) -> None:
        """Two triangles and a line that leads nowhere."""
        wkt = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0, -1 -1, 0 0))"
        (job,) = read(table, f'raster,question,area\na.tif,Red?,"{wkt}"\n')
        assert job.area is not None
        triangles = [{(0, 0), (1, 1), (0, 2)}, {(2, 0), (1, 1), (2, 2)}]
        assert [set(ring) for (ring,) in job.area.polygons] == triangles

    def test_empty_parts_are_no_parts(self, table: Path) -> None:
        square = ((0, 0), (1, 0), (1, 1), (0, 1))
        wkt = "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0), EMPTY), EMPTY)"
        (job,) = read(table, f'raster,question,area\na.tif,Red?,"{wkt}"\n')
        assert job.area == Area.of_ring(*square)

    @pytest.mark.parametrize("text", ["", "  "])
    def test_empty_cell_is_the_whole_raster(self, table: Path, text: str) -> None:
        (job,) = read(table, f'raster,question,area\na.tif,Red?,"{text}"\n')
        assert job.area is None

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("nan,0,1,1", "'nan,0,1,1' is no polygon as WKT"),
            ("0,0,inf,1", "four numbers are needed, not '0,0,inf,1'"),
            ("100", "four numbers are needed, not '100'"),
            ("pixels 1,2,3", "four numbers are needed, not 'pixels 1,2,3'"),
            ("3,2,1,4", "xmin is greater than xmax in '3,2,1,4'"),
            ("1,4,3,2", "ymin is greater than ymax in '1,4,3,2'"),
            ("pixels 7 6 5 8", "c0 is greater than c1 in 'pixels 7 6 5 8'"),
            ("pixels 0,0,0,0", "c0 equals c1 in 'pixels 0,0,0,0': it has no extent"),
            ("1,2,3,2", "ymin equals ymax in '1,2,3,2': it has no extent"),
            ("POLYGON EMPTY", f"'POLYGON EMPTY' {NO_EXTENT}"),
            ("MULTIPOLYGON EMPTY", f"'MULTIPOLYGON EMPTY' {NO_EXTENT}"),
            ("POLYGON EMPTY, 3", "'POLYGON EMPTY, 3' is no polygon as WKT"),
            ("POLYGON ((0 0, 1 1, 0 0))", "'POLYGON ((0 0, 1 1, 0 0))' has no extent"),
            ("POLYGON ((0 0, 1 0, 1 1))", f"'POLYGON ((0 0, 1 0, 1 1))' {NOT_CLOSED}"),
            (
                "POLYGON ((nan 0, 1 0, 1 1, nan 0))",
                "'POLYGON ((nan 0, 1 0, 1 1, nan 0))' is no polygon as WKT",
            ),
            (
                "POLYGON ((0 0, 1 0, 1 1e999, 0 0))",
                "'POLYGON ((0 0, 1 0, 1 1e999, 0 0))' has a coordinate that is no number",
            ),
            (
                "CURVEPOLYGON ((0 0, 1 0, 1 1, 0 0))",
                "'CURVEPOLYGON ((0 0, 1 0, 1 1, 0 0))' is no polygon as WKT",
            ),
            ("LINESTRING (0 0, 1 1)", "a LineString is no polygon"),
            ("or boats?", "'or boats?' is no polygon as WKT"),
            ("y" * 50_000, f"'{'y' * 59}…' is no polygon as WKT"),
        ],
    )
    def test_what_is_no_area(self, table: Path, text: str, fault: str) -> None:
        error = refusal(table, f'raster,question,area\na.tif,Red?,"{text}"\n')
        assert error.message == f"{table}:\nrow 1 (line 2), area: {fault}"


def write_places(path: Path, table: str, crs: str | None, question: str) -> None:
    """Two rows: a polygon from (500100, 5599800) to (500300, 5599900), and one without."""
    corners = [(500_100, 5_599_800), (500_300, 5_599_800), (500_300, 5_599_900), (500_100, 5_599_900)]
    ring = b"".join(struct.pack("<dd", *corner) for corner in (*corners, corners[0]))
    place = struct.pack("<BIII", 1, 3, 1, 5) + ring
    values = [["scene.tif", "scene.tif"], [question, question], [11, 12]]
    pyogrio.raw.write(
        path,
        np.array([place, None], dtype=object),
        [np.array(column, dtype=object if isinstance(column[0], str) else "int64") for column in values],
        np.array(["raster", "question", "id"], dtype=object),
        layer=table,
        driver="GPKG",
        geometry_type="Polygon",
        crs=crs,
        append=path.exists(),
    )


def write_geometries(
    path: Path,
    geometries: list[bytes | None],
    crs: str | None,
    columns: tuple[str, str] = ("raster", "question"),
) -> None:
    """Rows that ask the same of the same raster, elsewhere."""
    count = len(geometries)
    pyogrio.raw.write(
        path,
        np.array([*geometries, None], dtype=object)[:count],
        [np.array(["scene.tif"] * count, dtype=object), np.array(["Red?"] * count, dtype=object)],
        np.array(columns, dtype=object),
        driver="GPKG",
        geometry_type="Unknown",
        crs=crs,
    )


class TestGeoPackage:
    def test_geometries_are_areas(self, tmp_path: Path) -> None:
        write_places(tmp_path / "jobs.gpkg", "first", "EPSG:32633", "Red?")
        first, second = read_jobs(tmp_path / "jobs.gpkg", model=MODEL)
        assert (first.id, first.area_crs, second.id, second.area) == ("11", "EPSG:32633", "12", None)
        assert first.area is not None
        assert set(first.area.polygons[0][0]) == {
            (500_100, 5_599_800),
            (500_300, 5_599_800),
            (500_300, 5_599_900),
            (500_100, 5_599_900),
        }

    def test_named_table(self, tmp_path: Path) -> None:
        write_places(tmp_path / "jobs.gpkg", "first", "EPSG:32633", "Red?")
        write_places(tmp_path / "jobs.gpkg", "second", "EPSG:32633", "Blue?")
        for name, question in (
            ("jobs.gpkg", "Red?"),
            ("jobs.gpkg|first", "Red?"),
            ("jobs.gpkg|second", "Blue?"),
        ):
            assert read_jobs(tmp_path / name, model=MODEL)[0].question == question
        error = refusal_of(tmp_path / "jobs.gpkg|third")
        assert error.message == f"{tmp_path / 'jobs.gpkg'} has no table 'third'"
        assert error.hint == "Name one that it has: first, second."

    @pytest.mark.parametrize(
        ("geometry", "fault"),
        [
            (struct.pack("<BII", 1, 3, 0), f"the geometry {NO_EXTENT}"),
            (struct.pack("<BII", 1, 6, 0), f"the geometry {NO_EXTENT}"),
            (struct.pack("<BIdd", 1, 1, 5, 5), "a Point is no polygon"),
        ],
        ids=["POLYGON EMPTY", "MULTIPOLYGON EMPTY", "POINT"],
    )
    def test_geometry_that_is_no_area(self, tmp_path: Path, geometry: bytes, fault: str) -> None:
        write_geometries(tmp_path / "jobs.gpkg", [None, geometry], "EPSG:32633")
        error = refusal_of(tmp_path / "jobs.gpkg")
        assert error.message == f"{tmp_path / 'jobs.gpkg'}:\nrow 2, area: {fault}"

    @pytest.mark.parametrize("srs_id", [None, -1, 0])
    def test_without_crs_areas_are_the_rasters_own(self, tmp_path: Path, srs_id: int | None) -> None:
        """GeoPackage has two numbers for "undefined"; a layer without CRS may have each of them."""
        path = tmp_path / "jobs.gpkg"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_places(path, "jobs", None, "Red?")
        if srs_id is not None:
            with closing(sqlite3.connect(path)) as database, database:
                database.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (srs_id,))
        first, _ = read_jobs(path, model=MODEL)
        assert first.area is not None and first.area_crs is None

    def test_missing_column(self, tmp_path: Path) -> None:
        write_geometries(tmp_path / "jobs.gpkg", [None], "EPSG:32633", columns=("raster", "query"))
        error = refusal_of(tmp_path / "jobs.gpkg")
        assert "has no column question" in error.message and "first line" not in error.hint

    def test_areas_in_another_crs_are_found_on_the_raster(
        self, scene: Path, tmp_path: Path, script: Callable[..., str], environment: dict[str, str]
    ) -> None:
        """The same 20 × 10 px of the raster, from (10, 10), as UTM 33N has them and as degrees do."""
        write_places(tmp_path / "utm.gpkg", "jobs", "EPSG:32633", "Red?")
        to_degrees = pyproj.Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
        west, south, east, north = 500_105, 5_599_805, 500_295, 5_599_895  # half a pixel inside
        corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        ring = b"".join(struct.pack("<dd", *to_degrees.transform(*corner)) for corner in corners)
        place = struct.pack("<BIII", 1, 3, 1, 5) + ring
        write_geometries(tmp_path / "degrees.gpkg", [place], "EPSG:4326")
        model = script("<answer>red</answer>")
        for name in ("utm", "degrees"):
            run = (f"{name}.gpkg", "--output", f"{name}-out.gpkg", "--model", model)
            ended = run_batch_command(*run, environment=environment, cwd=tmp_path)
            assert ended.status == 0
            assert read_rows(tmp_path / f"{name}-out.gpkg", "failures") == []
            row = read_rows(tmp_path / f"{name}-out.gpkg", "answers")[0]
            assert row["pixel_box"] == "[10, 10, 30, 20]"
