"""The toolbox's batch dialog, clicked in a real QGIS window: what batches.py did there and saw."""

from __future__ import annotations

import ctypes.util
from typing import Any, Dict, Iterator, List

import pytest
from qgis_samples import write_raster
from windows import folder_of, played, seen_by

LIMIT_S = 90
SHOWN = ["Raster", "Question", "Extent to search", "Polygons to search", "Model", "Regions"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Any]:
    """What each scenario returned."""
    folder = folder_of(tmp_path_factory, "batches")
    write_raster(folder / "scene.tif", size=(2048, 1536))
    write_raster(folder / "other.tif", size=(2048, 1536))
    (folder / "many").mkdir()
    for name in ("first.tif", "second.tif"):
        write_raster(folder / "many" / name)
    return played("batches.py", folder, LIMIT_S)


@pytest.fixture
def saw(report: Dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Dict[str, Any]]:
    """What the scenario that a test is named after returned; nothing went wrong unheard."""
    found = seen_by(request.node.name, report)
    yield found
    assert found["mishaps"] == []


def test_batch(saw: Dict[str, Any]) -> None:
    assert saw["headings"] == SHOWN
    assert [line for line in saw["log"] if line.startswith("Answer:")] == ["Answer: red", "Answer: nobody"]
    assert any("'ANSWER': 'red'" in line for line in saw["log"])
    assert any("'ANSWER': 'nobody'" in line for line in saw["log"])
    assert saw["layers"] == {"memory": ["red"], "regions.gpkg": ["nobody"]}
    for answer in ("red", "nobody"):
        assert f"<tr><th>Answer</th><td>{answer}</td></tr>" in saw["summary"]


def test_batch_row_fails(saw: Dict[str, Any]) -> None:
    said = "\n".join(saw["log"])
    assert "model is not installed" in said
    assert "1 executions failed" in said
    assert "Answer: red" in saw["log"]


def test_batch_many(saw: Dict[str, Any]) -> None:
    said = "\n".join(saw["log"])
    assert "Rasters: 2. Questions about each: 1. In all 2" in said
    assert "'ANSWERED': 2" in said and "'FAILED': 0" in said


def test_batch_dialogs(saw: Dict[str, Any]) -> None:
    shown: Dict[str, List[str]] = saw["headings"]
    assert shown["askfeatures"][:3] == ["Polygons", "Raster", "Question (expression)"]
    assert shown["askmany"][-3:] == ["Batch file", "Answers", "Failures"]
    assert shown["export"][0] == "Answer layer" and shown["export"][-1] == "File"


@pytest.mark.parametrize("name", ["batch_cancelled", "batch_many_cancelled"])
def test_cancel(report: Dict[str, Any], name: str) -> None:
    if ctypes.util.find_library("Xtst") is None:
        pytest.skip("libXtst is not installed, by which the button is pressed")
    found = seen_by(name, report)
    assert found["mishaps"] == []
    # The bar is half a second; a machine that others use too may take twice that, and so does QGIS's log.
    assert found["seconds"] < 2, found["log"]
