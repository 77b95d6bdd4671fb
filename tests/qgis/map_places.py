"""What tests of places are made of: systems of coordinates, and boxes in them."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsGeometry,
    QgsRectangle,
)

GEOS_EAST = "+proj=geos +h=35785831 +lon_0=-75 +sweep=x +datum=WGS84"
MOON = "+proj=longlat +R=1737400 +no_defs"
MOON_M = 1_737_400
CONTEXT = QgsCoordinateTransformContext()


def crs(text):
    if text.startswith("+"):
        made = QgsCoordinateReferenceSystem()
        made.createFromProj(text)
    else:
        made = QgsCoordinateReferenceSystem(text)
    assert made.isValid()
    return made


def ring(left, bottom, right, top):
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def multi(*box):
    made = QgsGeometry.fromRect(QgsRectangle(*box))
    made.convertToMultiType()
    return made


def square_metres(geometry, text):
    """QGIS's own measure, which takes edges for the shortest way: so they are cut short first."""
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs(text), CONTEXT)
    measure.setEllipsoid(crs(text).ellipsoidAcronym())
    return measure.measureArea(geometry.densifyByCount(300))
