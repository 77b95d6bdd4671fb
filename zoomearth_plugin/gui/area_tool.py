"""Draws a rectangle on the map; it stays square to the screen on a rotated map, too."""

from __future__ import annotations

from typing import Optional

from qgis.core import Qgis, QgsGeometry, QgsPointXY, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand
from qgis.PyQt.QtCore import QPoint, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QKeyEvent

POLYGON = (
    Qgis.GeometryType.Polygon
    if hasattr(Qgis, "GeometryType")  # QGIS 3.30
    else QgsWkbTypes.GeometryType.PolygonGeometry
)
LEAST_SIDE_PX = 3
"""On the screen; a smaller one is a click that slipped."""
LINE = QColor(90, 200, 250)
"""The answer layer's colour for searched areas, on maps of any brightness."""


def area_band(canvas: QgsMapCanvas) -> QgsRubberBand:
    """An outline for an area to search."""
    band = QgsRubberBand(canvas, POLYGON)
    band.setStrokeColor(LINE)
    band.setSecondaryStrokeColor(QColor(20, 20, 20, 160))
    fill = QColor(LINE)
    fill.setAlpha(30)
    band.setFillColor(fill)
    band.setWidth(2)
    band.setLineStyle(Qt.PenStyle.DashLine)
    return band


class RectangleTool(QgsMapTool):
    """Press, drag, release; Escape gives up."""

    drawn = pyqtSignal(object)
    """The QgsGeometry, in the canvas's CRS."""
    given_up = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName("zoomearthRectangleTool")
        self._band = area_band(canvas)
        self._start: Optional[QPoint] = None
        self.setCursor(Qt.CursorShape.CrossCursor)

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802 - QGIS's name
        if event.button() == Qt.MouseButton.LeftButton:
            self._start = event.pixelPoint()

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802 - QGIS's name
        if self._start is not None:
            self._band.setToGeometry(self._rectangle(event.pixelPoint()), None)

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802 - QGIS's name
        if self._start is None:
            return
        across, down = event.pixelPoint().x() - self._start.x(), event.pixelPoint().y() - self._start.y()
        geometry = self._rectangle(event.pixelPoint())
        self._forget()
        if min(abs(across), abs(down)) >= LEAST_SIDE_PX:
            self.drawn.emit(geometry)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - QGIS's name
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self._forget()
            self.given_up.emit()

    def deactivate(self) -> None:
        """QGIS calls it when another tool takes over."""
        self._forget()
        super().deactivate()

    def close_down(self) -> None:
        """Take the outline off the map for good."""
        self._canvas.scene().removeItem(self._band)
        self.deleteLater()  # the map would keep it

    def _rectangle(self, end: QPoint) -> QgsGeometry:
        start = self._start
        corners = (start, QPoint(end.x(), start.y()), end, QPoint(start.x(), end.y()))
        ring = [QgsPointXY(self.toMapCoordinates(corner)) for corner in corners]
        return QgsGeometry.fromPolygonXY([[*ring, ring[0]]])

    def _forget(self) -> None:
        self._start = None
        self._band.reset(POLYGON)
