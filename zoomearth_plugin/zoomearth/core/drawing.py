"""Layers that are no file: their pixels are drawn by whoever has the layer, window by window.

The engine asks through the door, and whoever asked the question draws; see :mod:`.wire`.
"""

from __future__ import annotations

import base64
import zlib
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Protocol, Tuple

from .errors import RasterUnreadableError, ZoomEarthError
from .frames import PixelBox

LONGEST_SIDE_PX = 1024
"""Of a picture that is asked for: more is drawn piece by piece."""
_BYTES_A_PIXEL = 4
_QUICK = 1
"""Of zlib's levels: the line goes to a neighbour, not over a network."""


@dataclass(frozen=True)
class DrawnGrid:
    """The pixels of a layer that is no file, at the finest resolution that it can be drawn in.

    Args:
        width: Columns.
        height: Rows.
        transform: a, b, c, d, e, f of x = a·column + b·row + c and y = d·column + e·row + f.
        crs: ``AUTHORITY:CODE`` or WKT; None where the layer has none.
        levels: Of a service of tiles: pixels, each way, in one of each coarser set of tiles, finest first.
        has_own_pixels: Whether the layer consists of these pixels; False for a map that is drawn anew at
            every scale.
    """

    width: int
    height: int
    transform: Tuple[float, float, float, float, float, float]
    crs: Optional[str]
    levels: Tuple[float, ...] = ()
    has_own_pixels: bool = True

    def to_json(self) -> Dict[str, Any]:
        return {
            "width": self.width,
            "height": self.height,
            "transform": list(self.transform),
            "crs": self.crs,
            "levels": list(self.levels),
            "has_own_pixels": self.has_own_pixels,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> DrawnGrid:
        """Raises ValueError where the numbers make no grid."""
        width, height = int(payload["width"]), int(payload["height"])
        a, b, c, d, e, f = (float(number) for number in payload["transform"])
        if width < 1 or height < 1:
            raise ValueError(f"a grid of {width} × {height} pixels")
        levels = tuple(float(level) for level in payload.get("levels") or ())
        crs = payload.get("crs")
        own = bool(payload.get("has_own_pixels", True))
        return cls(width, height, (a, b, c, d, e, f), None if crs is None else str(crs), levels, own)


@dataclass(frozen=True)
class DrawnWindow:
    """What is to be drawn.

    Args:
        box: Of the grid; may reach beyond it by less than a pixel of the picture.
        size: (width, height) of the picture; no side longer than :data:`LONGEST_SIDE_PX`.
    """

    box: PixelBox
    size: Tuple[int, int]

    def to_json(self) -> Dict[str, Any]:
        return {"box": self.box.to_json(), "size": list(self.size)}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> DrawnWindow:
        """Raises ValueError for a picture that nobody may ask for."""
        width, height = (int(side) for side in payload["size"])
        if not (0 < width <= LONGEST_SIDE_PX and 0 < height <= LONGEST_SIDE_PX):
            raise ValueError(f"a picture of {width} × {height} pixels")
        return cls(PixelBox.from_corners(payload["box"]), (width, height))


@dataclass(frozen=True)
class Drawing:
    """What was drawn.

    Args:
        pixels: Red, green, blue, alpha, not premultiplied, row by row; empty alpha where nothing is known.
        failures: What could not be fetched, a sentence each; empty where all came.
    """

    pixels: bytes
    failures: Tuple[str, ...] = ()

    def to_json(self) -> Dict[str, Any]:
        packed = base64.b64encode(zlib.compress(self.pixels, _QUICK)).decode("ascii")
        return {"pixels": packed, "failures": list(self.failures)}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any], size: Tuple[int, int]) -> Drawing:
        """Raises RasterUnreadableError where it is no picture of that (width, height)."""
        expected = size[0] * size[1] * _BYTES_A_PIXEL
        try:
            packed = base64.b64decode(payload["pixels"], validate=True)
            pixels = zlib.decompressobj().decompress(packed, expected + 1)
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            raise RasterUnreadableError(f"what was drawn is no picture: {error!r}") from error
        if len(pixels) != expected:
            raise RasterUnreadableError(f"a picture of {len(pixels)} bytes instead of {expected}")
        return cls(pixels, tuple(str(failure) for failure in payload.get("failures") or ()))


class Drawer(Protocol):
    """Draws a layer; called from the thread that asked the question."""

    def draw(self, window: DrawnWindow) -> Future[Drawing]:
        """Begin to draw.

        Returns:
            Ends with the drawing or a ZoomEarthError; cancelling it stops what is being fetched.
        """


class OpenDrawings:
    """Windows that were asked for and are being drawn, by the number of the request.

    Args:
        drawer: Who draws; None where nobody can.
    """

    def __init__(self, drawer: Optional[Drawer]) -> None:
        self._drawer = drawer
        self._open: Dict[int, Future[Drawing]] = {}

    def begin(self, payload: Mapping[str, Any]) -> None:
        """Start on a request.

        Raises:
            ValueError, KeyError, TypeError: It makes no sense.
        """
        number, window = int(payload["number"]), DrawnWindow.from_json(payload)
        if self._drawer is None:
            self._open[number] = Future()
            self._open[number].set_exception(
                RasterUnreadableError("nobody is there who could draw the layer")
            )
        else:
            self._open[number] = self._drawer.draw(window)

    def finished(self) -> List[Dict[str, Any]]:
        """What is to be sent for the windows that were drawn since; each is told once."""
        done = [number for number, future in self._open.items() if future.done()]
        return [{"op": "drawn", "number": number, **_outcome(self._open.pop(number))} for number in done]

    def drop(self) -> None:
        """Stop whatever is being drawn."""
        while self._open:
            self._open.popitem()[1].cancel()


def _outcome(future: Future[Drawing]) -> Dict[str, Any]:
    if future.cancelled():
        return {"error": RasterUnreadableError("the layer was no longer drawn").to_json()}
    error = future.exception()
    if error is None:
        return future.result().to_json()
    known = error if isinstance(error, ZoomEarthError) else ZoomEarthError(repr(error))
    return {"error": known.to_json()}
