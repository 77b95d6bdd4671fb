from pathlib import Path

import pytest
from quadrants import SIDE_PX, quadrants
from raster_files import write
from zoomearth.raster import reading
from zoomearth.raster.cache import Cache


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache folder of the test's own, and nothing in memory; gives the folder of its files."""
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(reading, "_cache", Cache())
    return tmp_path / "cache" / "overviews"


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one with every pass over a file."""
    made: list[object] = []
    run = reading.run_pass

    def counted(part, dataset, sink, **options):  # type: ignore[no-untyped-def]
        made.append(part)
        run(part, dataset, sink, **options)

    monkeypatch.setattr(reading, "run_pass", counted)
    return made


@pytest.fixture
def tiff(tmp_path: Path) -> Path:
    """Four quadrants of known colours."""
    return write(tmp_path / "file.tif", quadrants(SIDE_PX))
