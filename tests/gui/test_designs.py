"""The model designer, clicked in a real QGIS window: what designs.py did there and saw."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest
from qgis_samples import ROOT, write_raster
from windows import folder_of, played, seen_by

LIMIT_S = 60
EXAMPLE = ROOT / "resources" / "processing" / "answer_with_margin.model3"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dict[str, Any]]:
    """What each scenario returned."""
    folder = folder_of(tmp_path_factory, "designs")
    write_raster(folder / "scene.tif", size=(2048, 1536))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOOMEARTH_EXAMPLE_MODEL", str(EXAMPLE))
        yield played("designs.py", folder, LIMIT_S)


@pytest.fixture
def saw(report: Dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Dict[str, Any]]:
    """What the scenario that a test is named after returned; nothing went wrong unheard."""
    found = seen_by(request.node.name, report)
    yield found
    assert found["mishaps"] == []


def test_example(saw: Dict[str, Any]) -> None:
    assert saw["drawn"]["steps"] == ["Ask", "Margin around the regions", "The answer as the label of the map"]
    # Four inputs, three steps, one output.
    assert saw["drawn"]["boxes"] == 8
    # One for each of: three inputs to the question, the margin and the regions to the buffer, that to the
    # label, that to the output; and the raster to the margin, which is in the raster's units.
    assert saw["drawn"]["arrows"] == 8
    assert saw["inputs"] == {
        "INPUT": "Raster",
        "QUESTION": "Question",
        "MODEL": "Model (empty: the one in the settings)",
    }
    assert saw["faults"] == []
    assert saw["steps"]["ask"]["ANSWER"] == "red"
    assert (saw["row"]["answer"], saw["row"]["map_label"]) == ("red", "red (1)")
    assert "Answer: red" in saw["log"]


def test_built(saw: Dict[str, Any]) -> None:
    features, texts = saw["offered"]
    assert any("Regions" in text for text in features)
    assert any("Answer" in text for text in texts)
    assert saw["before"] == saw["after"]
    assert saw["after"]["boxes"] == 3
    assert "Answer: red" in saw["log"]
    assert saw["row"]["red"] == "RED"
