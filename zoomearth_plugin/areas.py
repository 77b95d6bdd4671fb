"""Shapes on the map become the area of a raster layer that a question is about. Main thread only."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import List, Optional, Tuple

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from .layer_pixels import draws_pixels, pixel_width
from .zoomearth.core.errors import AreaOutsideError, AreaRequiredError
from .zoomearth.core.types import Area

translate = QCoreApplication.translate

EDGE_PARTS = 32
"""Into how many pieces an edge is cut before it goes to another CRS, where it may bend."""
MANY_CORNERS = 10_000
"""Shapes with more are simplified, by a quarter of a pixel."""
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NUMBERS = rf"{_NUMBER.pattern}(?:[\s,;]+{_NUMBER.pattern}){{3}}"
_TYPED = re.compile(rf"(?P<numbers>{_NUMBERS})[\s,;]*(?:\[\s*(?P<crs>[^\]]+?)\s*\])?")
MOST_FEATURES = 100
"""That are asked about at once, each by itself."""
REGION_DEG = 60.0
"""A raster smaller than this each way keeps its shape in any CRS that a person would choose."""


@dataclass(frozen=True)
class NamedArea:
    """An area to search.

    Args:
        name: What tells it from others; empty where it is the only one.
        area: None for the whole raster.
    """

    name: str
    area: Optional[Area]


def area_of_rectangle(
    rectangle: QgsRectangle, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer
) -> Area:
    """The rectangle as an area of the layer's raster; see :func:`area_of_geometry`."""
    return area_of_geometry(QgsGeometry.fromRect(rectangle), crs, layer)


def area_of_selection(vector_layer: Optional[QgsVectorLayer], layer: QgsRasterLayer) -> Area:
    """What holds the selected features; see :func:`area_of_geometry`.

    Raises:
        AreaOutsideError: Nothing is selected, or it lies outside.
    """
    geometries: List[QgsGeometry] = []
    if isinstance(vector_layer, QgsVectorLayer):
        geometries = [feature.geometry() for feature in vector_layer.selectedFeatures()]
    geometries = [geometry for geometry in geometries if not geometry.isEmpty()]
    if vector_layer is None or not geometries:
        raise AreaOutsideError(
            "no feature is selected",
            translate("Areas", "Select features of a vector layer first, and make it the active layer."),
        )
    return area_of_geometry(_united(geometries), vector_layer.crs(), layer)


def typed_rectangle(
    text: str, crs: QgsCoordinateReferenceSystem
) -> Tuple[QgsRectangle, QgsCoordinateReferenceSystem]:
    """What ``west, south, east, north [EPSG:4326]`` means; without a CRS the one given.

    Raises:
        AreaOutsideError: It is no rectangle, or the CRS is unknown.
    """
    match = _TYPED.fullmatch(text.strip())
    numbers = [float(number) for number in _NUMBER.findall(match["numbers"])] if match else []
    named = QgsCoordinateReferenceSystem(match["crs"]) if match and match["crs"] else crs
    if len(numbers) == 4 and (named.isValid() or not match["crs"]):
        west, south, east, north = numbers
        if named.isGeographic() and -180 <= east < west <= 180:  # across 180°
            east += 360.0
        rectangle = QgsRectangle(west, south, east, north)
        if not rectangle.isEmpty():
            return rectangle, named
    raise AreaOutsideError(
        f"{text!r} is no rectangle",
        translate("Areas", "Type west, south, east, north: four numbers, and a CRS if it is not the map's."),
    )


def rectangle_text(rectangle: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> str:
    """A rectangle as :func:`typed_rectangle` takes it, to about a thousandth of its width."""
    digits = max(0, 3 - math.floor(math.log10(max(rectangle.width(), 1e-9))))
    sides = (rectangle.xMinimum(), rectangle.yMinimum(), rectangle.xMaximum(), rectangle.yMaximum())
    numbers = ", ".join(f"{side:.{digits}f}" for side in sides)
    return f"{numbers} [{crs.authid()}]" if crs.authid() else numbers


def areas_of_features(vector_layer: Optional[QgsVectorLayer], layer: QgsRasterLayer) -> List[NamedArea]:
    """Each feature of a layer by itself, only the selected ones where some are; see :func:`area_of_geometry`.

    Features that lie outside of the raster are left out.

    Raises:
        AreaRequiredError: There is no such layer, or it has too many features.
        AreaOutsideError: All of them lie outside.
    """
    if not isinstance(vector_layer, QgsVectorLayer):
        raise AreaRequiredError(
            "no polygon layer", translate("Areas", "Choose the layer whose features are to be asked about.")
        )
    chosen = vector_layer.selectedFeatureCount() or vector_layer.featureCount()
    if chosen > MOST_FEATURES:
        raise _too_many(chosen)
    has_selection = vector_layer.selectedFeatureCount() > 0
    features = vector_layer.getSelectedFeatures() if has_selection else vector_layer.getFeatures()
    found = []
    for feature in features:
        if len(found) == MOST_FEATURES:  # the layer did not know how many it has
            raise _too_many(len(found) + 1)
        try:
            area = area_of_geometry(feature.geometry(), vector_layer.crs(), layer)
        except AreaOutsideError:
            continue
        found.append(NamedArea(_feature_name(feature, vector_layer), area))
    if not found:
        raise AreaOutsideError(f"no feature of {vector_layer.name()!r} lies on {layer.name()!r}")
    return found


def _too_many(count: int) -> AreaRequiredError:
    hint = translate("Areas", "Select some of the features first: at most {count} are asked about at once.")
    return AreaRequiredError(f"{count} features or more", hint.format(count=MOST_FEATURES))


def _feature_name(feature: QgsFeature, vector_layer: QgsVectorLayer) -> str:
    """What QGIS calls the feature in its lists."""
    expression = QgsExpression(vector_layer.displayExpression())
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(vector_layer))
    context.setFeature(feature)
    name = expression.evaluate(context)
    return f"{vector_layer.name()} {feature.id() if name in (None, NULL, '') else name}"


def area_of_geometry(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer) -> Area:
    """The polygons of a geometry that lie on the raster, in its own map coordinates.

    Args:
        geometry: Of any kind, in ``crs``; of points and lines it is what holds them that is asked about.
        crs: Ignored when it or the layer's is unknown: QGIS then shows both in one frame.
        layer: The raster.

    Returns:
        Polygons; for a file without geotransform, in columns and rows.

    Raises:
        AreaRequiredError: It is empty.
        AreaOutsideError: Nothing of it lies on the raster.
    """
    if geometry.isNull() or geometry.isEmpty():
        raise AreaRequiredError(
            "the area has no geometry",
            translate("Areas", "There is no geometry to search: draw one, or choose another."),
        )
    extent = QgsGeometry.fromRect(layer.extent())
    shape = _to_layer(_polygonal(geometry), crs, layer)
    if not shape.isEmpty() and shape.area() == 0:  # points or one straight line: give it a pixel's width
        shape = shape.convexHull().buffer(pixel_width(layer), 2)
    polygons = _polygons(_drawable(shape).intersection(extent), layer)
    if not polygons:
        raise AreaOutsideError(f"the area shares nothing with the layer {layer.name()!r}")
    sign = -1.0 if draws_pixels(layer) else 1.0
    return Area(
        polygons=tuple(
            tuple(tuple((point.x(), sign * point.y()) for point in ring[:-1]) for ring in polygon)
            for polygon in polygons
        )
    )


def _united(geometries: List[QgsGeometry]) -> QgsGeometry:
    """One geometry of many; what is invalid is mended first, as it would void the whole."""
    return QgsGeometry.unaryUnion([_drawable(QgsGeometry(geometry)) for geometry in geometries])


def _polygonal(geometry: QgsGeometry) -> QgsGeometry:
    """Polygons as they are, as far as they can be drawn; what holds anything else."""
    shape = geometry.constGet()
    if shape is not None and shape.dimension() == 2:
        return _drawable(QgsGeometry(geometry))
    return geometry.convexHull()


def _drawable(shape: QgsGeometry) -> QgsGeometry:
    """A shape without edges that cross, and curves cut into straight pieces."""
    shape.convertToStraightSegment()
    return shape if shape.isGeosValid() else shape.makeValid()


def _polygons(shape: QgsGeometry, layer: QgsRasterLayer) -> List[List[List[QgsPointXY]]]:
    """The parts of a shape that have an area, with no more corners than pixels can tell apart."""
    if shape.constGet() is not None and shape.constGet().nCoordinates() > MANY_CORNERS:
        shape = shape.simplify(pixel_width(layer) / 4)
    parts = [part for part in shape.asGeometryCollection() if not part.isEmpty() and part.area() > 0]
    return [polygon for part in parts for polygon in (_coerced(part).asMultiPolygon())]


def _coerced(part: QgsGeometry) -> QgsGeometry:
    part.convertToMultiType()
    return part


def _to_layer(shape: QgsGeometry, crs: QgsCoordinateReferenceSystem, layer: QgsRasterLayer) -> QgsGeometry:
    """What of ``shape`` may lie on the layer, in the layer's CRS; raises AreaOutsideError."""
    if not crs.isValid() or not layer.crs().isValid() or crs == layer.crs():
        return shape
    if crs.isGeographic():
        shape = _on_the_globe(shape)
    try:
        if is_regional(layer):
            # A canvas zoomed far out reaches beyond where the raster's projection makes sense;
            # what it shares with the raster's footprint does not.
            shape = shape.intersection(_transformed(_footprint(layer), layer.crs(), crs))
        return _transformed(shape, crs, layer.crs())
    except QgsCsException as error:
        raise AreaOutsideError(f"the area has no place in {layer.crs().authid()}") from error


def _on_the_globe(shape: QgsGeometry) -> QgsGeometry:
    """What of a shape in degrees lies between the poles, each part where -180 to 180 has it."""
    parts: List[QgsGeometry] = []
    for turn in (-1, 0, 1):
        west = 360.0 * turn - 180.0
        part = shape.intersection(QgsGeometry.fromRect(QgsRectangle(west, -90.0, west + 360.0, 90.0)))
        if not part.isEmpty():
            part.translate(-360.0 * turn, 0.0)
            parts.append(part)
    return QgsGeometry.unaryUnion(parts)


def _footprint(layer: QgsRasterLayer) -> QgsGeometry:
    return QgsGeometry.fromRect(layer.extent())


def is_regional(layer: QgsRasterLayer) -> bool:
    """Whether the raster covers less than :data:`REGION_DEG` each way."""
    try:
        degrees = _transformed(
            _footprint(layer), layer.crs(), QgsCoordinateReferenceSystem("EPSG:4326")
        ).boundingBox()
    except QgsCsException:
        return False
    return degrees.width() < REGION_DEG and degrees.height() < REGION_DEG


def _transformed(
    geometry: QgsGeometry, source: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem
) -> QgsGeometry:
    """A densified, transformed copy; raises QgsCsException where it has no place."""
    transform = QgsCoordinateTransform(source, target, QgsProject.instance())
    if not transform.isValid():
        raise QgsCsException(f"no way from {source.authid()} to {target.authid()}")
    corners = geometry.constGet().nCoordinates() if geometry.constGet() is not None else 0
    # Of shapes with many corners the edges are short, and hardly bend.
    parts = max(1, min(EDGE_PARTS, MANY_CORNERS // max(1, corners)))
    copy = geometry.densifyByCount(parts - 1) if parts > 1 else QgsGeometry(geometry)
    copy.transform(transform)
    if not copy.isEmpty() and not copy.boundingBox().isFinite():
        raise QgsCsException("the transformed geometry is not finite")
    return copy
