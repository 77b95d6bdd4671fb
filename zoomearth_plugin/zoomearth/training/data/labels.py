"""Label files of imagery, checked row by row before anything is asked."""

from __future__ import annotations

import csv
from pathlib import Path

from ...core.errors import DataInvalidError
from ...core.frames import PixelBox
from ..imagery import FAMILIES, HELD_OUT, LabelledRaster, list_rasters
from .boxes import native_box, sides_of
from .faults import Faults, Row, shown
from .images import Images

_BOX_FIELDS = ("xmin", "ymin", "xmax", "ymax")
_POINT_FIELDS = ("x", "y")


def checked_rasters(folder: Path, *, held_out: bool) -> list[LabelledRaster]:
    """See :func:`..imagery.list_rasters`; every label is sound and lies in its raster.

    Raises:
        DataInvalidError: There is no labelled raster, or label files are bad: up to ten rows are named.
    """
    faults = Faults()
    images = Images([])
    paths = [path for family in FAMILIES for path in sorted((folder / family).glob("*.tif"))]
    chosen = [path for path in paths if (LabelledRaster(path, "", ()).place in HELD_OUT) == held_out]
    if not chosen:
        kind = "held out" if held_out else "for training"
        raise DataInvalidError(
            f"there is no labelled imagery {kind} in {folder}",
            "Name a folder with ships/, buildings/ and trees/.",
        )
    for path in paths:  # all of them: list_rasters reads all
        try:
            _check(path.with_suffix(".csv"), images.extent(path), faults)
        except ValueError as error:
            faults.add(path, "", "", str(error))
    faults.check()
    return list_rasters(folder, held_out=held_out)


def _check(path: Path, extent: PixelBox, faults: Faults) -> None:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            present = set(reader.fieldnames or ())
            rows = [Row(path, f"row {number}", row, faults) for number, row in enumerate(reader, start=2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        faults.add(path, "", "", f"cannot be read: {error}")
        return
    fields = _POINT_FIELDS if "x" in present else _BOX_FIELDS
    missing = [field for field in fields if field not in present]
    if missing:
        faults.add(path, "row 1", ", ".join(missing), "is missing")
        return
    for row in rows:
        _check_row(row, fields, extent)


def _check_row(row: Row, fields: tuple[str, ...], extent: PixelBox) -> None:
    numbers = []
    for field in fields:
        value = row.values.get(field)
        try:
            numbers.append(float(value or ""))
        except ValueError:
            row.fault(field, f"{shown(value)} is no number")
    if len(numbers) != len(fields):
        return
    try:
        if len(numbers) == 4:
            native_box(sides_of(numbers), extent)
        elif not (0 <= numbers[0] <= extent.right and 0 <= numbers[1] <= extent.bottom):
            raise ValueError(f"{numbers} lies outside the image of {extent.right:.0f} x {extent.bottom:.0f}")
    except ValueError as error:
        row.fault(", ".join(fields), str(error))
