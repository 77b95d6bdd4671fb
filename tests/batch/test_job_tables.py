"""Job tables as people have them: each is read right, or refused whole with its row and column."""

from __future__ import annotations

import hashlib
import importlib
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
import rasterio
from batch_samples import SIDE_PX, Ended, read_rows, run_batch_command, write_raster
from zoomearth.batch.jobs import Job, digest_of, read_jobs
from zoomearth.batch.sharing import SharedRasters
from zoomearth.core.area import Area
from zoomearth.core.errors import JobTableInvalidError
from zoomearth.core.frames import PixelBox
from zoomearth.core.look import Look
from zoomearth.core.types import RasterRequest

MODEL = "zoomearth-mini"
HEAD = "raster,question,area,id,model"


def read(path: Path, content: str | bytes) -> list[Job]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_jobs(path, model=MODEL)


def refusal(path: Path, content: str | bytes) -> JobTableInvalidError:
    with pytest.raises(JobTableInvalidError) as caught:
        read(path, content)
    assert caught.value.hint
    return caught.value


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "jobs.csv"


class TestCsv:
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("start", ["", "\ufeff"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_separators_and_ends_of_lines(self, table: Path, separator: str, start: str, end: str) -> None:
        rows = [["Raster", "Question", "id"], ["a.tif", '"Ships, boats; or\trafts?"', "7"]]
        (job,) = read(table, start + "".join(separator.join(row) + end for row in rows))
        assert job == Job("7", str(table.parent / "a.tif"), "Ships, boats; or rafts?", None, None, MODEL)

    def test_quoted_newline(self, table: Path) -> None:
        first, second = read(table, 'raster,question\na.tif,"What\nis it?"\nb.tif,"Say ""red""?"\n')
        assert (first.question, second.question) == ("What is it?", 'Say "red"?')

    def test_cell_of_many_letters(self, table: Path) -> None:
        outline = ", ".join(f"{x} {x % 2}" for x in range(10_000))
        area = f"POLYGON (({outline}, 9999 9, 0 9, 0 0))"
        assert len(area) > 50_000
        (job,) = read(table, f'raster,question,area\na.tif,What?,"{area}"\n')
        assert job.area is not None
        assert sum(len(ring) for polygon in job.area.polygons for ring in polygon) > 9_000

    def test_question_of_many_letters_is_refused(self, table: Path) -> None:
        error = refusal(table, f"raster,question\na.tif,{'x' * 50_000}\n")
        assert error.message.endswith("row 1, question: it has 50000 characters, more than 2000")

    def test_rows_without_id_are_numbered(self, table: Path) -> None:
        assert [job.id for job in read(table, "raster,question\na.tif,One?\na.tif,Two?\n")] == ["1", "2"]

    def test_comma_that_is_not_quoted_cuts_no_question(self, table: Path) -> None:
        error = refusal(table, "raster,question\na.tif,Red?\na.tif,Is it a ship, or a raft?\n")
        assert "line 3: it has more cells than there are columns" in error.message

    def test_empty_cells_at_the_end_are_no_matter(self, table: Path) -> None:
        (job,) = read(table, "raster,question\na.tif,Red?,,\n")
        assert job.question == "Red?"

    def test_other_encoding_names_the_line(self, table: Path) -> None:
        error = refusal(table, "raster,question\na.tif,Red?\nb.tif,Où?\n".encode("latin-1"))
        assert "is not UTF-8 in line 3" in error.message

    @pytest.mark.parametrize("content", ["", "raster,question\n", "\n\n"])
    def test_empty(self, table: Path, content: str) -> None:
        assert "has no rows" in refusal(table, content).message

    @pytest.mark.parametrize(
        ("head", "missing"),
        [
            ("raster,query", "question"),
            ("image,question", "raster"),
            ("a,b", "raster and no column question"),
        ],
    )
    @pytest.mark.parametrize("rows", ["", "a.tif,Red?\n"])
    def test_missing_columns(self, table: Path, head: str, missing: str, rows: str) -> None:
        error = refusal(table, f"{head}\n{rows}")
        assert f"has no column {missing}" in error.message
        assert "raster, question" in error.hint


class TestFaults:
    def test_all_rows_are_told_with_their_columns(self, table: Path) -> None:
        error = refusal(
            table,
            f"{HEAD}\na.tif,Red?,,x,\n,Red?,,b,\na.tif, ,,c,\na.tif,Red?,here,d,\n"
            'a.tif,Red?,"1,2,3",e,\na.tif,Red?,POINT (1 2),f,\na.tif,Red?,,x,\na.tif,Red?,,g,nobody\n',
        )
        head, *told = error.message.splitlines()
        assert head == f"{table}:"
        assert [line.split(":")[0] for line in told] == [
            "row 2, raster",
            "row 3, question",
            "row 4, area",
            "row 5, area",
            "row 6, area",
            "row 7, id",
            "row 8, model",
        ]
        assert "'x' is the id of row 1, too" in error.message

    def test_no_more_than_twenty_are_told(self, table: Path) -> None:
        error = refusal(table, "raster,question\n" + ",\n" * 1 + ",Red?\n" * 24)
        assert len(error.message.splitlines()) == 22
        assert error.message.endswith("and 6 more")

    def test_nothing_is_asked_before_the_last_row_is_checked(
        self, batch: Callable[..., Ended], scene: Path, script: Callable[..., str], table: Path
    ) -> None:
        rows = "scene.tif,Red?,,,\n" * 50 + "scene.tif,,,,\n"
        table.write_text(f"{HEAD}\n{rows}")
        ended = batch(table, "--output", "out.gpkg", "--model", script("<answer>red</answer>"), "--json")
        assert (ended.status, ended.json["error"]["code"]) == (1, "job_table_invalid")
        assert "row 51, question: it is empty" in ended.json["error"]["message"]
        assert not (table.parent / "out.gpkg").exists()

    def test_no_such_table(self, tmp_path: Path) -> None:
        with pytest.raises(JobTableInvalidError, match="there is no table"):
            read_jobs(tmp_path / "gone.csv", model=MODEL)

    def test_another_kind_of_file(self, tmp_path: Path) -> None:
        assert "is no job table" in refusal(tmp_path / "jobs.xlsx", b"PK").message

    @pytest.mark.parametrize("name", ["jobs.gpkg", "jobs.parquet"])
    def test_damaged(self, tmp_path: Path, name: str) -> None:
        if name.endswith(".parquet"):
            pytest.importorskip("pyarrow")
        assert "cannot be read" in refusal(tmp_path / name, b"no such file" * 100).message


class TestPlaces:
    def test_relative_rasters_lie_beside_the_table(self, table: Path) -> None:
        content = (
            "raster,question\nsub/a.tif,A?\n/data/b.tif,B?\n/vsicurl/https://h/c.tif,C?\n"
            "s3://h/d.tif,D?\n../e.tif,E?\n"
        )
        assert [job.raster for job in read(table, content)] == [
            str(table.parent / "sub" / "a.tif"),
            "/data/b.tif",
            "/vsicurl/https://h/c.tif",
            "s3://h/d.tif",
            str(table.parent.parent / "e.tif"),
        ]

    @pytest.mark.parametrize("text", ["1,2,3,4", "3,4,1,2", "1 2 3 4", "1; 2; 3; 4"])
    def test_corners(self, table: Path, text: str) -> None:
        (job,) = read(table, f'raster,question,area\na.tif,Red?,"{text}"\n')
        assert job.area == Area.of_ring((1, 4), (3, 4), (3, 2), (1, 2))

    @pytest.mark.parametrize("text", ["pixels 5,6,7,8", "PIXELS 7 8 5 6"])
    def test_pixels(self, table: Path, text: str) -> None:
        (job,) = read(table, f'raster,question,area\na.tif,Red?,"{text}"\n')
        assert job.area == Area(pixels=PixelBox(5, 6, 7, 8))

    def test_polygon_with_a_hole(self, table: Path) -> None:
        wkt = "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 1))"
        (job,) = read(table, f'raster,question,area\na.tif,Red?,"{wkt}"\n')
        assert job.area is not None
        assert job.area.polygons == ((((0, 0), (9, 0), (9, 9), (0, 9)), ((1, 1), (2, 1), (2, 2))),)

    @pytest.mark.parametrize("text", ["nan,0,1,1", "0,0,inf,1", "POLYGON EMPTY, 3", "LINESTRING (0 0, 1 1)"])
    def test_what_is_no_area(self, table: Path, text: str) -> None:
        assert "row 1, area: " in refusal(table, f'raster,question,area\na.tif,Red?,"{text}"\n').message


class TestHowRastersAreShown:
    LOOK = Look(ranges=((0.0, 3000.0),), limit=(1.0, 2.0))

    @pytest.mark.parametrize("cell", ['"4,3,2"', "4 3 2", "4;3;2"])
    def test_bands(self, table: Path, cell: str) -> None:
        (job,) = read(table, f"raster,question,bands\na.tif,What?,{cell}\n")
        assert job.request == RasterRequest(str(table.parent / "a.tif"), (4, 3, 2))

    def test_band_of_a_parquet_table_is_a_number(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.parquet"
        parquet = pytest.importorskip("pyarrow.parquet")
        columns = {"raster": ["/a.tif"], "question": ["What?"], "bands": [2]}
        parquet.write_table(importlib.import_module("pyarrow").table(columns), path)
        assert read_jobs(path, model=MODEL)[0].bands == (2,)

    def test_look(self, table: Path) -> None:
        cell = json.dumps(self.LOOK.to_json()).replace('"', '""')
        (job,) = read(table, f'raster,question,bands,look\na.tif,What?,1,"{cell}"\n')
        assert (job.bands, job.look) == ((1,), self.LOOK)
        assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job

    @pytest.mark.parametrize(
        ("cells", "said"),
        [
            ("1 2,", "row 1, bands: one or three band numbers from 1, not '1 2'"),
            ("0,", "row 1, bands: one or three band numbers from 1, not '0'"),
            ("red,", "row 1, bands: one or three band numbers from 1, not 'red'"),
            ("1,grey", "row 1, look: 'grey' is no look of a layer"),
            ("1,3", "row 1, look: '3' is no look of a layer"),
            ('1,"{""limit"": [1]}"', "row 1, look:"),
            (",{}", "row 1, bands: a look is that of bands, and none are named"),
        ],
    )
    def test_faults(self, table: Path, cells: str, said: str) -> None:
        assert said in refusal(table, f"raster,question,bands,look\na.tif,What?,{cells}\n").message

    def test_another_look_is_another_batch(self) -> None:
        plain = Job("1", "/a.tif", "What?")
        jobs = [plain, replace(plain, bands=(1,)), replace(plain, bands=(1,), look=self.LOOK)]
        assert len({digest_of([job]) for job in jobs}) == 3

    def test_a_batch_of_plain_files_is_the_one_it_always_was(self) -> None:
        digest = hashlib.sha256(
            b'{"area": null, "area_crs": null, "id": "1", "model": "zoomearth-mini", '
            b'"question": "What?", "raster": "/a.tif"}'
        ).hexdigest()
        assert digest_of([Job("1", "/a.tif", "What?")]) == digest

    def test_each_job_sees_its_own(self, tmp_path: Path) -> None:
        pixels = np.zeros((3, SIDE_PX, SIDE_PX), np.uint8) + np.array([[[10]], [[20]], [[30]]], np.uint8)
        path = write_raster(tmp_path / "a.tif")
        with rasterio.open(path, "r+") as dataset:
            dataset.write(pixels)
        plain = Job("1", str(path), "What?")
        doubled = Look(ranges=((0.0, 127.5),))
        jobs = [plain, replace(plain, bands=(3, 2, 1)), replace(plain, bands=(2,), look=doubled)]
        rasters, seen = SharedRasters(jobs), []
        for job in jobs:
            with rasters.borrowed(job) as raster:
                picture = raster.read(raster.resolve(None), SIDE_PX)
                seen.append(picture.pixels[7, 7].tolist())
        assert seen == [[10, 20, 30], [30, 20, 10], [40, 40, 40]]


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    columns = {
        "Raster": ["a.tif", "b.tif"],
        "question": ["Red?", "Blue?"],
        "id": [3, 4],
        "area": ["pixels 0 0 5 5", None],
        "model": [None, ""],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "jobs.parquet")
    first, second = read_jobs(tmp_path / "jobs.parquet", model=MODEL)
    assert (first.id, first.raster) == ("3", str(tmp_path / "a.tif"))
    assert (first.area, second.area) == (Area(pixels=PixelBox(0, 0, 5, 5)), None)
    assert {first.model, second.model} == {MODEL}
    parquet.write_table(pyarrow.table({"raster": ["a.tif"]}), tmp_path / "less.parquet")
    with pytest.raises(JobTableInvalidError, match="has no column question"):
        read_jobs(tmp_path / "less.parquet", model=MODEL)


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
        with pytest.raises(JobTableInvalidError, match="cannot be read"):
            read_jobs(tmp_path / "jobs.gpkg|third", model=MODEL)

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
        table = tmp_path / "degrees.gpkg"
        pyogrio.raw.write(
            table,
            np.array([place], dtype=object),
            [np.array(["scene.tif"], dtype=object), np.array(["Red?"], dtype=object)],
            np.array(["raster", "question"], dtype=object),
            driver="GPKG",
            geometry_type="Polygon",
            crs="EPSG:4326",
        )
        model = script("<answer>red</answer>")
        for name in ("utm", "degrees"):
            run = (f"{name}.gpkg", "--output", f"{name}-out.gpkg", "--model", model)
            ended = run_batch_command(*run, environment=environment, cwd=tmp_path)
            assert ended.status == 0
            assert read_rows(tmp_path / f"{name}-out.gpkg", "failures") == []
            row = read_rows(tmp_path / f"{name}-out.gpkg", "answers")[0]
            assert row["pixel_box"] == "[10, 10, 30, 20]"
