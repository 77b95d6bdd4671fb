import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import from_origin
from zoomearth.core.progress import CancelToken
from zoomearth.models.engine import OnToken
from zoomearth.models.profile import Profile
from zoomearth.models.scripted import ScriptedConversation, ScriptedEngine, load_scripted_engine

WIDTH_PX, HEIGHT_PX, GSD_M = 3000, 2000, 0.5
WEST, NORTH = 500_000.0, 5_300_000.0


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOOMEARTH_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 × 2,000 px of 0.5 m in UTM 33N: red counts columns, green rows, in steps of 16 px."""
    rows, columns = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    bands = np.stack([columns // 16, rows // 16, np.full_like(rows, 90)]).astype(np.uint8)
    return write_raster(tmp_path_factory.mktemp("scene") / "scene.tif", bands, "EPSG:32633")


def write_raster(path: Path, bands: NDArray[np.uint8], crs: str | None) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=bands.shape[2],
        height=bands.shape[1],
        count=bands.shape[0],
        dtype=bands.dtype,
        crs=CRS.from_string(crs) if crs else None,
        transform=from_origin(WEST, NORTH, GSD_M, GSD_M),
        photometric="RGB",
    ) as file:
        file.write(bands)
    return path


class ListeningConversation(ScriptedConversation):
    """A playback that keeps what it was shown and told."""

    def __init__(self, outputs: tuple[str, ...], heard: list[tuple[NDArray[np.uint8], str]]) -> None:
        super().__init__(outputs)
        self._heard = heard

    def turn(self, pixels: NDArray[np.uint8], text: str, *, on_token: OnToken, cancel: CancelToken) -> str:
        self._heard.append((pixels, text))
        return super().turn(pixels, text, on_token=on_token, cancel=cancel)


class ListeningEngine(ScriptedEngine):
    def __init__(self, outputs: tuple[str, ...]) -> None:
        super().__init__("scripted", outputs)
        self.outputs = outputs
        self.heard: list[tuple[NDArray[np.uint8], str]] = []

    def asked_like(self, profile: Profile) -> "ListeningEngine":
        """The same playback under another profile, with this one's views and crops."""
        self.profile = replace(profile, view_side_px=512, minimum_crop_px=512)
        return self

    def converse(self) -> ListeningConversation:
        return ListeningConversation(self.outputs, self.heard)


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., ScriptedEngine]:
    """``script(output, …)``: the engine of a script file with these outputs."""

    def write(*outputs: str) -> ScriptedEngine:
        path = tmp_path / "script.json"
        path.write_text(json.dumps(outputs))
        return load_scripted_engine(f"scripted:{path}")

    return write
