"""Job tables as people have them: each is read right, or refused whole with its row and column."""

from __future__ import annotations

import hashlib
import importlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from batch_samples import SIDE_PX, Ended, write_raster
from job_samples import MODEL, read, refusal, refusal_of
from zoomearth.batch.jobs import Job, digest_of, read_jobs
from zoomearth.batch.sharing import SharedRasters
from zoomearth.core.area import Area
from zoomearth.core.errors import JobTableInvalidError, ModelMissingError
from zoomearth.core.frames import PixelBox
from zoomearth.core.look import Look
from zoomearth.core.types import RasterRequest

HEAD = "raster,question,area,id,model"


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

    @pytest.mark.parametrize("first", ["sep=;", "SEP=;", "sep=;;;"])
    def test_line_of_a_spreadsheet(self, table: Path, first: str) -> None:
        """It names the separator, and is no row."""
        (job,) = read(table, f"{first}\r\nraster;question\r\na,b.tif;Red, or blue, or green?\r\n")
        assert (job.raster, job.question) == (str(table.parent / "a,b.tif"), "Red, or blue, or green?")
        fault = refusal(table, f"{first}\nraster;question\n;Red?\n").message
        assert fault.endswith("row 1 (line 3), raster: it is empty")

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
        assert error.message.endswith("row 1 (line 2), question: it has 50000 characters, more than 2000")

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
        assert "raster, question" in error.hint and "in the first line" in error.hint

    @pytest.mark.parametrize("again", ["Question", "question ", "QUESTION"])
    def test_two_columns_of_one_name(self, table: Path, again: str) -> None:
        error = refusal(table, f"raster,question,{again}\na.tif,Red?,Blue?\n")
        assert error.message == f"{table} has two columns of the same name: 'question' and {again!r}"

    def test_columns_without_a_name(self, table: Path) -> None:
        (job,) = read(table, ",raster,,question,\n0,a.tif,1,Red?,\n")
        assert job.question == "Red?"
        error = refusal(table, "raster,question,\na.tif,Is it a ship, or a raft?\n")
        assert "line 2: it has more cells than there are columns" in error.message

    def test_text_file(self, tmp_path: Path) -> None:
        (job,) = read(tmp_path / "jobs.txt", "raster\tquestion\na.tif\tRed?\n")
        assert job.question == "Red?"


class TestQuotes:
    UNCLOSED = (
        'raster,question,area,id\na.tif,"Ships?,,a\na.tif,Trees?,,b\na.tif,"What roof?",,c\na.tif,Cars?,,d\n'
    )

    def test_unclosed_quote_swallows_no_rows(self, table: Path) -> None:
        error = refusal(table, self.UNCLOSED)
        told = "the quote that opens a cell there is closed in line 4, within another cell"
        assert error.message == f"{table}, line 2: {told}"

    @pytest.mark.parametrize(
        ("rows", "line"),
        [
            ('a.tif,"Ships?\n', 2),
            ('a.tif,Ships?\na.tif,"Trees?\na.tif,Cars?\n', 3),
            ('a.tif,"Ships?""\n', 2),
            ('"a\n.tif",Ships?\n"a\n.tif","Say ""red""\nor blue?\n', 5),
            ('a.tif, "Ships?\n', 2),
        ],
    )
    def test_quote_that_is_never_closed(self, table: Path, rows: str, line: int) -> None:
        error = refusal(table, f"raster,question\n{rows}")
        assert error.message == f"{table}, line {line}: the quote that opens a cell there is never closed"

    def test_text_behind_a_closing_quote(self, table: Path) -> None:
        error = refusal(table, 'raster,question\na.tif,Red?\na.tif,"Say" red\n')
        assert error.message == f"{table}, line 3: a quoted cell goes on after its closing quote"

    @pytest.mark.parametrize(
        ("cell", "question"),
        [
            ('5" pipe?', '5" pipe?'),
            ('A pipe of 5"', 'A pipe of 5"'),
            ('Say "red"', 'Say "red"'),
            ('"Say ""red"", or ""blue"""', 'Say "red", or "blue"'),
            ('"""Red"" it says?"', '"Red" it says?'),
            (' "Ships, boats?"', "Ships, boats?"),
            ('"A ship\r\n or\na raft?"', "A ship or a raft?"),
        ],
    )
    def test_quotes_that_are_read(self, table: Path, cell: str, question: str) -> None:
        """Within a cell that does not begin with one, a quote is a letter as others."""
        first, second = read(table, f"raster,question,note\na.tif,{cell},\nb.tif,Blue?,\n")
        assert (first.question, second.question) == (question, "Blue?")


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
            "row 2 (line 3, id b), raster",
            "row 3 (line 4, id c), question",
            "row 4 (line 5, id d), area",
            "row 5 (line 6, id e), area",
            "row 6 (line 7, id f), area",
            "row 7 (line 8, id x), id",
            "row 8 (line 9, id g), model",
        ]
        assert "'x' is the id of row 1 (line 2, id x), too" in error.message
        assert "model: no model 'nobody'. Name one of" in error.message

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
        assert "row 51 (line 52), question: it is empty" in ended.json["error"]["message"]
        assert not (table.parent / "out.gpkg").exists()

    def test_no_such_table(self, tmp_path: Path) -> None:
        with pytest.raises(JobTableInvalidError, match="there is no table"):
            read_jobs(tmp_path / "gone.csv", model=MODEL)

    def test_another_kind_of_file(self, tmp_path: Path) -> None:
        error = refusal(tmp_path / "jobs.xlsx", b"PK")
        assert "is no job table" in error.message
        assert error.hint == "Name a .csv, .txt, .parquet or .gpkg file."

    def test_folder(self, table: Path) -> None:
        table.mkdir()
        assert refusal_of(table).message == f"{table} is a folder"

    @pytest.mark.parametrize(("name", "kind"), [("jobs.gpkg", "GeoPackage"), ("jobs.parquet", "Parquet")])
    def test_damaged(self, tmp_path: Path, name: str, kind: str) -> None:
        if kind == "Parquet":
            pytest.importorskip("pyarrow")
        error = refusal(tmp_path / name, b"no such file" * 100)
        assert error.message == f"{tmp_path / name} cannot be read as {kind}"

    def test_database_of_another_kind(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "jobs.gpkg")) as database:
            database.execute("CREATE TABLE jobs (raster, question)")
        error = refusal_of(tmp_path / "jobs.gpkg")
        assert error.message == f"{tmp_path / 'jobs.gpkg'} cannot be read as GeoPackage"

    def test_lines_where_rows_start(self, table: Path) -> None:
        error = refusal(table, '\nraster,question,id\na,"Red\nor blue?",x\n\n,Red?,\n,"Red?\n",y\n')
        assert error.message.splitlines()[1:] == [
            "row 2 (line 6), raster: it is empty",
            "row 3 (line 7, id y), raster: it is empty",
        ]

    def test_long_cells_are_cut(self, table: Path) -> None:
        row = ",".join(["a.tif", "Red?", *["x" * 50_000] * 3])
        told = refusal(table, f"{HEAD}\n{row}\n{row}\n").message.splitlines()[1:]
        found = [line.split("…), ")[1].split(":")[0] for line in told]
        assert found == ["area", "model", "area", "model", "id"]
        assert max(map(len, told)) < 400

    def test_home(self, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(table.parent / "home"))
        first, second = read(table, "raster,question\n~/x.tif,Red?\n~x.tif,Red?\n")
        assert first.raster == str(table.parent / "home" / "x.tif")
        assert second.raster == str(table.parent / "~x.tif")

    @pytest.mark.parametrize("cells", ["a\0.tif,Red?", "a.tif,Re\0d?"])
    def test_nul_in_text(self, table: Path, cells: str) -> None:
        error = refusal(table, f"raster,question\na.tif,Red?\n{cells}\n")
        assert error.message == f"{table}, line 3: it has a NUL character"


class TestModelOfTheOption:
    def test_it_is_told_once(self, table: Path, batch: Callable[..., Ended]) -> None:
        table.write_text("raster,question\n" + "a.tif,Red?\n" * 30)
        ended = batch(table, "--output", "out.gpkg", "--model", "nosuch", "--json")
        error = ended.json["error"]
        assert (ended.status, error["code"], error["message"]) == (1, "model_missing", "no model 'nosuch'")

    def test_it_is_not_looked_for_where_each_row_names_one(
        self, table: Path, script: Callable[..., str]
    ) -> None:
        table.write_text(f"raster,question,model\na.tif,Red?,{script('red')}\n")
        assert len(read_jobs(table, model="nosuch")) == 1
        table.write_text(f"raster,question,model\na.tif,Red?,{script('red')}\na.tif,Red?,\n")
        with pytest.raises(ModelMissingError):
            read_jobs(table, model="nosuch")


class TestPlaces:
    def test_relative_rasters_lie_beside_the_table(self, table: Path) -> None:
        content = (
            "raster,question\nsub/a.tif,A?\n/data/b.tif,B?\n/vsicurl/https://h/c.tif,C?\n"
            "s3://h/d.tif,D?\n../e.tif,E?\nGTIFF_DIR:2:/data/f.tif,F?\nwrf_d01_2005-08-28_00:00:00.tif,G?\n"
        )
        assert [job.raster for job in read(table, content)] == [
            str(table.parent / "sub" / "a.tif"),
            "/data/b.tif",
            "/vsicurl/https://h/c.tif",
            "s3://h/d.tif",
            str(table.parent.parent / "e.tif"),
            "GTIFF_DIR:2:/data/f.tif",
            str(table.parent / "wrf_d01_2005-08-28_00:00:00.tif"),
        ]


class TestHowRastersAreShown:
    LOOK = Look(ranges=((0.0, 3000.0),), limit=(1.0, 2.0))

    @pytest.mark.parametrize("cell", ['"4,3,2"', "4 3 2", "4;3;2"])
    def test_bands(self, table: Path, cell: str) -> None:
        (job,) = read(table, f"raster,question,bands\na.tif,What?,{cell}\n")
        assert job.request == RasterRequest(str(table.parent / "a.tif"), (4, 3, 2))

    @pytest.mark.parametrize(("cell", "bands"), [(2, (2,)), ([4, 3, 2], (4, 3, 2)), ([1], (1,))])
    def test_bands_of_a_parquet_table_are_numbers(
        self, tmp_path: Path, cell: object, bands: tuple[int, ...]
    ) -> None:
        path = tmp_path / "jobs.parquet"
        parquet = pytest.importorskip("pyarrow.parquet")
        columns = {"raster": ["/a.tif"], "question": ["What?"], "bands": [cell]}
        parquet.write_table(importlib.import_module("pyarrow").table(columns), path)
        assert read_jobs(path, model=MODEL)[0].bands == bands

    def test_look(self, table: Path) -> None:
        cell = json.dumps(self.LOOK.to_json()).replace('"', '""')
        (job,) = read(table, f'raster,question,bands,look\na.tif,What?,1,"{cell}"\n')
        assert (job.bands, job.look) == ((1,), self.LOOK)
        assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job

    @pytest.mark.parametrize(
        ("cells", "said"),
        [
            ("1 2,", "bands: one or three band numbers from 1, not '1 2'"),
            ("0,", "bands: one or three band numbers from 1, not '0'"),
            ("red,", "bands: one or three band numbers from 1, not 'red'"),
            ("1,grey", "look: 'grey' is no look of a layer"),
            ("1,3", "look: '3' is no look of a layer"),
            ('1,"{""limit"": [1]}"', "look: '{\"limit\": [1]}' is no look of a layer"),
            (",{}", "bands: a look is that of bands, and none are named"),
        ],
    )
    def test_faults(self, table: Path, cells: str, said: str) -> None:
        error = refusal(table, f"raster,question,bands,look\na.tif,What?,{cells}\n")
        assert error.message == f"{table}:\nrow 1 (line 2), {said}"

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
    error = refusal_of(tmp_path / "less.parquet")
    assert "has no column question" in error.message and "first line" not in error.hint


@pytest.mark.parametrize(
    ("raster", "question", "fault"),
    [
        (5, "Red?", "raster: it is no text, but 5"),
        ("a.tif", 1.5, "question: it is no text, but 1.5"),
        (b"a.tif", "Red?", "raster: it is no text, but b'a.tif'"),
        ("a.tif", "Re\0d?", "question: it has a NUL character"),
        ("a\0.tif", "Red?", "raster: it has a NUL character"),
        ("a.tif", None, "question: it is empty"),
    ],
)
def test_cells_of_parquet_that_are_no_text(tmp_path: Path, raster: Any, question: Any, fault: str) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"raster": [raster], "question": [question], "id": [7]}
    parquet.write_table(importlib.import_module("pyarrow").table(columns), tmp_path / "jobs.parquet")
    error = refusal_of(tmp_path / "jobs.parquet")
    assert error.message == f"{tmp_path / 'jobs.parquet'}:\nrow 1 (id 7), {fault}"


def test_two_columns_of_one_name_in_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"raster": ["a.tif"], "question": ["Red?"], "Question": ["Blue?"]}
    parquet.write_table(importlib.import_module("pyarrow").table(columns), tmp_path / "jobs.parquet")
    assert "same name: 'question' and 'Question'" in refusal_of(tmp_path / "jobs.parquet").message
