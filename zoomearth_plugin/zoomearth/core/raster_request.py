"""Which pixels a question is about, and how they are shown, as it crosses the door."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Dict, Mapping, Optional, Tuple

from .drawing import DrawnGrid
from .look import Look
from .placing import Placing


class Stretch(str, Enum):
    """How pixel values become the 0–255 of a picture."""

    NONE = "none"
    MINMAX = "minmax"
    PERCENTILE = "percentile"


_NO_PATH = re.compile(r"/vsi|[A-Za-z][A-Za-z0-9+.-]+:|[A-Z][A-Z0-9]*(_[A-Z0-9]+)+:")


def is_no_path(name: str) -> bool:
    """Whether a raster's name is no path on a disk: GDAL's virtual files, addresses, ``GTIFF_DIR:…``.

    Drive letters are one letter, and files may be named after a time: ``wrfout_d01_2005-08-28_00:00:00``.
    """
    return _NO_PATH.match(name) is not None


def band_numbers(text: str) -> Tuple[int, ...]:
    """One or three numbers from 1, separated by commas, semicolons or blanks.

    Raises:
        ValueError: Anything else.
    """
    parts = re.split(r"[\s,;]+", text.strip())
    if len(parts) not in (1, 3) or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ValueError(f"one or three band numbers from 1, not {text[:60]!r}")
    return tuple(int(part) for part in parts)


@dataclass(frozen=True)
class RasterRequest:
    """Which pixels, shown how.

    Args:
        uri: Anything GDAL opens.
        bands: One or three band numbers from 1, shown as grey or red, green, blue; empty for the
            file's own colour interpretation, else bands 1 to 3.
        stretch: None for none on 8-bit data and percentile on everything else.
        placing: What a file without geotransform leaves open.
        look: How the values of ``bands``, which are then named, are shown; None for how the file would
            have it and ``stretch``.
        drawn: For a layer that is no file: the pixels that it is drawn in; ``uri`` then only names it.
    """

    uri: str
    bands: Tuple[int, ...] = ()
    stretch: Optional[Stretch] = None
    placing: Placing = field(default_factory=Placing)
    look: Optional[Look] = None
    drawn: Optional[DrawnGrid] = None

    def to_json(self) -> Dict[str, Any]:
        return {
            "uri": self.uri,
            "bands": list(self.bands),
            "stretch": self.stretch.value if self.stretch else None,
            "placing": self.placing.to_json(),
            "look": self.look.to_json() if self.look else None,
            "drawn": self.drawn.to_json() if self.drawn else None,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> RasterRequest:
        stretch = payload.get("stretch")
        return cls(
            str(payload["uri"]),
            tuple(int(band) for band in payload.get("bands") or ()),
            Stretch(stretch) if stretch else None,
            Placing.from_json(payload.get("placing") or {}),
            Look.from_json(payload["look"]) if payload.get("look") else None,
            DrawnGrid.from_json(payload["drawn"]) if payload.get("drawn") else None,
        )
