import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rasters_on_disk import HEIGHT_PX, WIDTH_PX, write_raster
from zoomearth.models.scripted import ScriptedEngine, load_scripted_engine


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 × 2,000 px of 0.5 m in UTM 33N: red counts columns, green rows, in steps of 16 px."""
    rows, columns = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    bands = np.stack([columns // 16, rows // 16, np.full_like(rows, 90)]).astype(np.uint8)
    return write_raster(tmp_path_factory.mktemp("scene") / "scene.tif", bands, "EPSG:32633")


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., ScriptedEngine]:
    """``script(output, …)``: the engine of a script file with these outputs."""

    def write(*outputs: str) -> ScriptedEngine:
        path = tmp_path / "script.json"
        path.write_text(json.dumps(outputs))
        return load_scripted_engine(f"scripted:{path}")

    return write
