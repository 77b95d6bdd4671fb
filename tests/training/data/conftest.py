from collections.abc import Iterator
from pathlib import Path

import pytest
from zoomearth.raster import reading
from zoomearth.raster.cache import Cache
from zoomearth.training.data.cropping import close_rasters


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A cache folder of the test's own, nothing in memory, and no raster left open."""
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(reading, "_cache", Cache())
    yield
    close_rasters()
