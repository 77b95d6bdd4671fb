"""How a raster layer's pixels are reached: as a file, or by having QGIS draw them. Main thread only."""

from __future__ import annotations

import re
from typing import Optional
from urllib.parse import unquote

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsRectangle,
    QgsUnitTypes,
)

from .layer_look import layer_look
from .zoomearth.core.drawing import DrawnGrid
from .zoomearth.core.errors import RasterUnreadableError

SCALELESS_PIXEL_M = 0.15
"""Of a service that names no finest resolution: about what the finest web maps have."""
MAX_SIDE_PX = 2**31
_SECRETS = (
    (re.compile(r"(?i)&?http-header:[^&]*"), ""),
    (re.compile(r"://[^/\s@]+@"), "://…@"),
    (re.compile(r"(?i)(https?://[^\s?'\"&]+)\?[^\s'\"]*"), r"\1?…"),
    (re.compile(r"(?i)((?:key|token|password|passwd|sig)=)[^&\s'\"]+"), r"\1…"),
)
"""What may give access, and what is told instead."""


def file_uri(layer: QgsRasterLayer) -> Optional[str]:
    """What GDAL opens, without QGIS's own additions after ``|``; None where no other process could."""
    if layer.providerType() != "gdal":
        return None
    uri = layer.dataProvider().dataSourceUri()
    parts = QgsProviderRegistry.instance().decodeUri("gdal", uri)
    if parts.get("authcfg") or "authcfg=" in uri:  # QGIS alone knows its stored credentials
        return None
    if "/vsimem" in uri or str(parts.get("vsiPrefix", "")).startswith("/vsimem") or uri.startswith("MEM:"):
        return None
    return uri.split("|", 1)[0]


def is_drawn(layer: QgsRasterLayer) -> bool:
    """Whether QGIS has to draw it: it is no file, or shown as only QGIS can show it."""
    return file_uri(layer) is None or layer_look(layer) is None


def public_name(layer: QgsRasterLayer) -> str:
    """Where a layer that is drawn comes from, without what gives access to it."""
    plain = unquote(unquote(layer.publicSource()))
    for secret, instead in _SECRETS:
        plain = secret.sub(instead, plain)
    return f"{layer.providerType()}:{plain}"


def drawn_grid(layer: QgsRasterLayer) -> DrawnGrid:
    """The pixels in which QGIS can draw a layer; square ones, as QGIS draws no others.

    Raises:
        RasterUnreadableError: It has no extent.
    """
    extent = layer.extent()
    if extent.isEmpty() or not extent.isFinite():
        raise RasterUnreadableError(f"layer {layer.name()!r} has no extent")
    coarser = []
    has_own = has_own_pixels(layer)
    resolutions = sorted(layer.dataProvider().nativeResolutions())
    if has_own:
        step = min(extent.width() / layer.width(), extent.height() / layer.height())
    elif resolutions:
        step = resolutions[0]
        coarser = [resolution / step for resolution in resolutions[1:]]
    else:
        step = SCALELESS_PIXEL_M / metres_per_unit(layer.crs())
    step = max(step, extent.width() / MAX_SIDE_PX, extent.height() / MAX_SIDE_PX)
    crs = layer.crs()
    return DrawnGrid(
        width=max(1, round(extent.width() / step)),
        height=max(1, round(extent.height() / step)),
        transform=(step, 0.0, extent.xMinimum(), 0.0, -step, extent.yMaximum()),
        crs=_crs_text(crs),
        levels=tuple(coarser),
        has_own_pixels=has_own,
    )


def _crs_text(crs: QgsCoordinateReferenceSystem) -> Optional[str]:
    """Codes of a person's own CRSs are known to this QGIS alone."""
    if not crs.isValid():
        return None
    code = crs.authid()
    return code if code and not code.startswith("USER:") else crs.toWkt(_wkt2())


def has_own_pixels(layer: QgsRasterLayer) -> bool:
    """Whether a layer has so many columns and rows; a map service draws as many as it is asked for."""
    return layer.width() > 0 and layer.height() > 0


def pixel_width(layer: QgsRasterLayer) -> float:
    """Map units across one pixel, of a map service one of the finest."""
    return layer.rasterUnitsPerPixelX() if has_own_pixels(layer) else drawn_grid(layer).transform[0]


def draws_pixels(layer: QgsRasterLayer) -> bool:
    """Whether QGIS takes a file's columns and rows for map units, x = column, y = -row."""
    return layer.extent() == QgsRectangle(0, -layer.height(), layer.width(), 0) and not is_drawn(layer)


def metres_per_unit(crs: QgsCoordinateReferenceSystem) -> float:
    """Of a geographic CRS along the equator; 1 where the unit is unknown."""
    if crs.isGeographic():
        return 111_320.0
    factor = QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), _metres())
    return factor if factor > 0 else 1.0


def _metres():
    if hasattr(Qgis, "DistanceUnit"):  # QGIS 3.30
        return Qgis.DistanceUnit.Meters
    return QgsUnitTypes.DistanceUnit.DistanceMeters


def _wkt2():
    if hasattr(Qgis, "CrsWktVariant"):  # QGIS 3.36
        return Qgis.CrsWktVariant.Wkt2_2019
    return QgsCoordinateReferenceSystem.WktVariant.WKT2_2019
