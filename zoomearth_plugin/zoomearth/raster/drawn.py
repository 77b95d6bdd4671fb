"""A layer that is no file: somebody else draws its windows, and here they become pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from ..core.drawing import LONGEST_SIDE_PX, Drawing, DrawnGrid, DrawnWindow
from ..core.errors import RasterEmptyError, RasterUnreadableError
from ..core.frames import PixelBox, View
from ..core.progress import CancelToken, Progress, Report, Stage
from ..core.sentences import sentence
from .averaging import AreaAverage
from .ellipsoid import is_tied_to_a_body
from .grid import RasterGrid
from .mask import AreaMask
from .opening import gdal
from .picture import NativePicture, Picture, colours
from .raster import Raster
from .streaming import Tally
from .stretch import plain_range

AskForDrawing = Callable[[DrawnWindow, CancelToken], Drawing]
"""Waits until a window is drawn; raises RasterUnreadableError, or Cancelled on request."""
_BANDS = 3
_OVERSAMPLING = 2.0
"""Pixels of a layer are often picked, not averaged, where they are drawn smaller: so ask for more of them."""
_SERVICE_HINT = "The layer's service did not deliver: check the connection and the service, then ask again."


class DrawnRaster(Raster):
    """See the module.

    Args:
        name: Of the layer, for messages.
        drawn: Its pixels.
        ask: Has a window drawn.

    Raises:
        RasterUnreadableError: The layer's CRS makes no sense.
    """

    def __init__(self, name: str, drawn: DrawnGrid, ask: AskForDrawing) -> None:
        grid, warnings = _grid(drawn)
        super().__init__(grid, warnings)
        self._name = name
        self._drawn = drawn
        self._ask = ask
        self._said = self.warnings
        self._failures: list[str] = []
        self._approximate("drawn_by_qgis")
        if not drawn.has_own_pixels and not drawn.levels:
            step = abs(Affine(*drawn.transform).determinant) ** 0.5
            self._approximate("no_finest_resolution", length=f"{step:.3g}")

    def close(self) -> None:
        """Nothing is held."""

    def overview(
        self,
        window: PixelBox,
        side_px: int,
        *,
        mask: AreaMask | None = None,
        report: Report,
        cancel: CancelToken,
    ) -> Picture:
        """As the base says."""

        def told(share: float) -> None:
            report(Progress(Stage.READING_OVERVIEW, share))

        picture = self._picture(self.view(window, side_px), mask, told, cancel)
        if picture.valid_share == 0:
            if self._failures:
                raise RasterUnreadableError(f"{self._name}: {self._failures[0]}", _SERVICE_HINT)
            raise RasterEmptyError(f"{self._name} shows nothing in {picture.view.window.to_json()}")
        return picture

    def read(
        self,
        window: PixelBox,
        side_px: int,
        *,
        mask: AreaMask | None = None,
        cancel: CancelToken | None = None,
    ) -> Picture:
        """As the base says; of a service of tiles, from those that are no coarser than the view."""
        view = self.view(window, side_px)
        return self._picture(view, mask, lambda share: None, cancel or CancelToken())

    def _picture(
        self, view: View, mask: AreaMask | None, told: Callable[[float], None], cancel: CancelToken
    ) -> Picture:
        tally = Tally()
        lattice = _lattice(view, self._drawn, mask)
        pieces = list(lattice.pieces(view.window))
        plain = plain_range(_BANDS)
        native = NativePicture(view, plain) if view.is_native else None
        within = lattice.from_pixels(view.window)
        average = AreaAverage(within, view.size, _BANDS, np.dtype(np.uint8))
        for done, (left, top, size) in enumerate(pieces, start=1):
            inside = None
            if mask is not None:
                inside = mask.inside(lattice.column + left, lattice.row + top, size, lattice.scale)[None]
                if not inside.any():  # nothing here is asked about: that need not be fetched
                    told(done / len(pieces))
                    continue
            values, valid = self._piece(lattice, (left, top), size, cancel)
            if inside is not None:
                valid = valid & inside
                tally.asked_px += int(np.count_nonzero(inside))
                tally.valid_px += int(np.count_nonzero(valid))
            sink = average if native is None else native
            sink.add(left, top, values, valid)
            told(done / len(pieces))
        share = tally.valid_px / tally.asked_px if tally.asked_px else None
        if native is not None:
            return Picture(view, native.pixels, native.valid_px / view.window.area, share)
        means, coverage = average.result()
        pixels = colours(means, coverage > 0, plain)
        return Picture(view, pixels, float(coverage[0].mean(dtype=np.float64)), share)

    def _piece(
        self, lattice: _Lattice, corner: tuple[int, int], size: tuple[int, int], cancel: CancelToken
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """(3, rows, columns), and (1, rows, columns): which hold data."""
        cancel.check()
        window = DrawnWindow(lattice.to_pixels(corner, size), size)
        drawing = self._ask(window, cancel)
        self._failures.extend(drawing.failures)
        if self._failures:
            told = sentence("not_delivered", count=len(self._failures), reason=self._failures[0])
            self.warnings = (*self._said, told)
        width, height = size
        planes = np.frombuffer(drawing.pixels, np.uint8).reshape(height, width, 4)
        values = np.moveaxis(planes[:, :, :_BANDS], 2, 0).copy()  # the drawing's own are not to change
        return values, planes[None, :, :, 3] > 0


@dataclass(frozen=True)
class _Lattice:
    """Pixels that are drawn, each ``scale`` pixels of the grid wide and high.

    Args:
        column: Of the grid's left edge to the first of them, in their own size.
        row: As ``column``, of the upper edge.
        scale: (across, down).
    """

    column: float
    row: float
    scale: tuple[float, float]

    def to_pixels(self, corner: tuple[float, float], size: tuple[float, float]) -> PixelBox:
        """What they show of the grid."""
        across, down = self.scale
        left, top = (self.column + corner[0]) * across, (self.row + corner[1]) * down
        return PixelBox(left, top, left + size[0] * across, top + size[1] * down)

    def from_pixels(self, box: PixelBox) -> PixelBox:
        """The same in these pixels, continuous."""
        across, down = self.scale
        return PixelBox(
            box.left / across - self.column,
            box.top / down - self.row,
            box.right / across - self.column,
            box.bottom / down - self.row,
        )

    def pieces(self, window: PixelBox) -> Iterator[tuple[int, int, tuple[int, int]]]:
        """Left, top and (width, height) of what covers a window, none larger than may be asked for."""
        box = self.from_pixels(window)
        rounded = PixelBox(*(round(side, 6) for side in box.to_json())).snapped()
        left, top, right, bottom = (int(side) for side in rounded.to_json())
        for first_row in range(top, bottom, LONGEST_SIDE_PX):
            for first_column in range(left, right, LONGEST_SIDE_PX):
                width = min(LONGEST_SIDE_PX, right - first_column)
                yield first_column, first_row, (width, min(LONGEST_SIDE_PX, bottom - first_row))


def _lattice(view: View, drawn: DrawnGrid, mask: AreaMask | None) -> _Lattice:
    """The pixels that a view is best made of."""
    across, down = view.pixels_per_view_pixel
    most = min(across, down) if mask is None else min(across, down, mask.coarsest)
    if most <= 1:
        return _Lattice(0, 0, (1.0, 1.0))
    if drawn.levels:
        factor = max((level for level in drawn.levels if level <= most * (1 + 1e-9)), default=1.0)
        return _Lattice(0, 0, (factor, factor))
    if drawn.has_own_pixels:
        factor = max(1.0, most / _OVERSAMPLING)
        return _Lattice(0, 0, (factor, factor))
    return _Lattice(view.window.left / most, view.window.top / most, (most, most))  # QGIS draws square pixels


def _grid(drawn: DrawnGrid) -> tuple[RasterGrid, tuple[str, ...]]:
    """The layer's grid, and what has to be said about it."""
    crs: CRS | None = None
    if drawn.crs:
        with gdal():
            crs = CRS.from_user_input(drawn.crs)
        crs = crs if is_tied_to_a_body(crs) else None
    grid = RasterGrid(drawn.width, drawn.height, Affine(*drawn.transform), crs, has_transform=True)
    if crs is not None:
        return grid, ()
    said = "unreferenced: The layer names no coordinate reference system; places are in its own frame."
    return grid, (said,)
