from pathlib import Path

import pytest
from zoomearth.raster import reading


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache folder of the test's own, and nothing in memory."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(folder))
    reading._cache.forget()
    return folder


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
