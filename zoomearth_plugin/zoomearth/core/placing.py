"""How a raster without a geotransform is to be placed, as it crosses the door."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any, Dict, Mapping, Optional


class ControlFit(str, Enum):
    """What leads through ground control points."""

    POLYNOMIAL = "polynomial"  # of order 2 from six points on, else 1; what QGIS draws
    TPS = "tps"  # a thin plate spline, through every point


@dataclass(frozen=True)
class Placing:
    """Choices that matter only where a file leaves them open.

    Args:
        control_fit: For files with ground control points.
        height_m: Height of the ground above the ellipsoid, for files with rational polynomials; None
            for the file's own offset.
        dem: A raster of heights to take instead, anything GDAL opens; None for one height everywhere.
    """

    control_fit: ControlFit = ControlFit.POLYNOMIAL
    height_m: Optional[float] = None
    dem: Optional[str] = None

    def __post_init__(self) -> None:
        if self.height_m is not None and not math.isfinite(self.height_m):
            raise ValueError(f"a height is a finite number, not {self.height_m}")

    def to_json(self) -> Dict[str, Any]:
        return {"control_fit": self.control_fit.value, "height_m": self.height_m, "dem": self.dem}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Placing:
        height, dem = payload.get("height_m"), payload.get("dem")
        return cls(
            ControlFit(payload.get("control_fit", ControlFit.POLYNOMIAL.value)),
            None if height is None else float(height),
            None if dem is None else str(dem),
        )


PLAIN = Placing()
"""Nothing chosen: a polynomial, and the file's own height."""
