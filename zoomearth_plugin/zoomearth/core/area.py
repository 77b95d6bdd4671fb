"""Where to look: a part of a raster, as it crosses the door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .frames import PixelBox

Ring = Tuple[Tuple[float, float], ...]
"""Positions (x, y), closed by implication."""
Polygon = Tuple[Ring, ...]
"""The outer ring, then holes."""
Polygons = Tuple[Polygon, ...]


@dataclass(frozen=True)
class Area:
    """Where to look: pixels, or polygons in the raster's own map coordinates; never both.

    Of polygons the model sees what lies inside of them, and nothing of what lies outside.

    Args:
        pixels: Columns and rows.
        polygons: In the frame of the answer: map coordinates, or columns and rows of a file without
            geotransform.
    """

    pixels: Optional[PixelBox] = None
    polygons: Polygons = ()

    @classmethod
    def of_ring(cls, *ring: Tuple[float, float]) -> Area:
        """One polygon without holes."""
        return cls(polygons=((tuple(ring),),))

    def to_json(self) -> Dict[str, Any]:
        if self.pixels is not None:
            return {"pixels": self.pixels.to_json()}
        return {"polygons": polygons_to_json(self.polygons)}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Area:
        if payload.get("pixels") is not None:
            return cls(pixels=PixelBox.from_corners(payload["pixels"]))
        return cls(polygons=polygons_from_json(payload.get("polygons") or ()))


def polygons_to_json(polygons: Polygons) -> List[List[List[List[float]]]]:
    """Lists of lists, as in GeoJSON but for the last position of a ring."""
    return [[[list(position) for position in ring] for ring in polygon] for polygon in polygons]


def polygons_from_json(payload: Sequence[Any]) -> Polygons:
    """The polygons of :func:`polygons_to_json`."""
    return tuple(tuple(ring_from_json(ring) for ring in polygon) for polygon in payload)


def ring_from_json(payload: Sequence[Any]) -> Ring:
    """A ring of numbers."""
    return tuple((float(x), float(y)) for x, y in payload)
