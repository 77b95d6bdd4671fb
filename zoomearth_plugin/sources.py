"""A QGIS raster layer and an area become a raster request. Main thread only."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer
from qgis.PyQt.QtCore import QCoreApplication

from .areas import is_regional
from .layer_look import layer_look
from .layer_pixels import drawn_grid, draws_pixels, file_uri, is_drawn, public_name
from .rendering import LayerDrawer
from .settings import Settings
from .zoomearth.core.errors import AreaRequiredError, RasterUnreadableError
from .zoomearth.core.types import Area, Options, Query, RasterRequest

translate = QCoreApplication.translate


@dataclass(frozen=True)
class AskContext:
    """What QGIS knows about the layer when the question is asked; outlives the layer.

    Args:
        crs: The one that QGIS shows the layer in; invalid when it has none.
        draws_pixels: QGIS draws the file's pixels as map units, x = column, y = -row, because
            the file has no geotransform.
        drawer: Draws the layer where the engine cannot read it as it is shown.
        area_name: What tells the area from others of the same question; empty for the only one.
    """

    layer_id: str
    layer_name: str
    crs: QgsCoordinateReferenceSystem
    draws_pixels: bool
    drawer: Optional[LayerDrawer] = None
    area_name: str = ""


def ask_context(layer: QgsRasterLayer) -> AskContext:
    """Capture what is needed to read a layer and to place an answer, even after the layer is gone."""
    crs = QgsCoordinateReferenceSystem(layer.crs())
    drawer = LayerDrawer(layer, drawn_grid(layer)) if is_drawn(layer) else None
    return AskContext(layer.id(), layer.name(), crs, draws_pixels(layer), drawer)


def raster_request(layer: Optional[QgsRasterLayer]) -> RasterRequest:
    """The file, the bands and how the layer shows them; or the pixels that QGIS draws where only it can.

    Raises:
        RasterUnreadableError: No layer, or a broken one.
    """
    if layer is None:
        raise RasterUnreadableError(
            "no raster layer", translate("Sources", "Add a raster to the project and choose it first.")
        )
    if not isinstance(layer, QgsRasterLayer) or not layer.isValid():
        raise RasterUnreadableError(
            f"layer {layer.name()!r} is broken or no raster",
            translate("Sources", "Repair the layer's data source, or choose another layer."),
        )
    uri, shown = file_uri(layer), layer_look(layer)
    if uri is None or shown is None:
        return RasterRequest(uri or public_name(layer), drawn=drawn_grid(layer))
    bands, look = shown
    return RasterRequest(uri, bands, look=look)


def freeze_query(
    question: str, layer: Optional[QgsRasterLayer], area: Optional[Area], settings: Settings
) -> Query:
    """Everything the worker needs to know; nothing of the project is touched after this.

    Raises:
        QuestionInvalidError: Empty or too long.
        RasterUnreadableError: See :func:`raster_request`.
        AreaRequiredError: The layer is a map of the world, and no area of it is chosen.
    """
    request = raster_request(layer)
    if area is None and request.drawn and not request.drawn.has_own_pixels and not is_regional(layer):
        raise AreaRequiredError(f"layer {layer.name()!r} shows a large part of the world")
    return Query(question, request, area, _options(settings), settings.model).validated()


def asked_again(query: Query, settings: Settings) -> Query:
    """The same question about the same place, with the settings of now."""
    return dataclasses.replace(query, options=_options(settings), model=settings.model)


def _options(settings: Settings) -> Options:
    return Options(
        max_zooms=settings.max_zooms,
        view_side_px=settings.view_side_px or None,
        with_pictures=True,
    )
