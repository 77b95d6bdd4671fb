"""Labelled real imagery: which rasters there are, what is labelled on them, which no training sees."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import ZoomEarthError
from ..core.frames import PixelBox

FAMILIES = {"ships": "ship", "buildings": "building", "trees": "tree"}
HELD_OUT = frozenset({"durban", "klang", "valencia", "zanzibar", "eureka", "riverside"})
"""Ports, mosaics and cities that no training sees; cities are the first part of a file's name."""
_TREE_RADIUS_PX = 6.0


@dataclass(frozen=True)
class LabelledRaster:
    """One raster of the folder.

    Args:
        family: Folder name, a key of :data:`FAMILIES`.
        boxes: Labelled objects of the family's kind, raster pixels.
    """

    path: Path
    family: str
    boxes: tuple[PixelBox, ...]

    @property
    def place(self) -> str:
        """Port, mosaic or city: what is left out as a whole."""
        return self.path.stem.split("_")[0]


def list_rasters(folder: Path, *, held_out: bool) -> list[LabelledRaster]:
    """The folder's rasters, either those for training or those left out.

    Raises:
        ZoomEarthError: No labelled raster there, or a label file that cannot be read (file and row named).
    """
    rasters = [
        LabelledRaster(path, family, _read_labels(path.with_suffix(".csv")))
        for family in FAMILIES
        for path in sorted((folder / family).glob("*.tif"))
    ]
    chosen = [raster for raster in rasters if (raster.place in HELD_OUT) == held_out]
    if not chosen:
        raise ZoomEarthError(
            f"no labelled imagery in {folder}", "Set `imagery` to a folder with ships/, buildings/, trees/."
        )
    return chosen


def _read_labels(path: Path) -> tuple[PixelBox, ...]:
    boxes = []
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                boxes.append(_label_box(row))
            except (KeyError, ValueError) as error:
                raise ZoomEarthError(
                    f"{path}, row {number}: {error}", "Correct or remove the row."
                ) from error
    return tuple(boxes)


def _label_box(row: dict[str, str]) -> PixelBox:
    if "x" in row:
        x, y = float(row["x"]), float(row["y"])
        return PixelBox(x - _TREE_RADIUS_PX, y - _TREE_RADIUS_PX, x + _TREE_RADIUS_PX, y + _TREE_RADIUS_PX)
    return PixelBox.from_corners([row["xmin"], row["ymin"], row["xmax"], row["ymax"]])
