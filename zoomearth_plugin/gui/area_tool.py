"""Draws an area on the map; a rectangle stays square to the screen on a rotated map, too."""

from __future__ import annotations

from typing import List, Optional

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


class DrawingTool(QgsMapTool):
    """What the tools share: an outline that grows, and Escape to give up."""

    drawn = pyqtSignal(object)
    """The QgsGeometry, in the canvas's CRS."""
    given_up = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName(f"zoomearth{type(self).__name__}")
        self._band = area_band(canvas)
        self.setCursor(Qt.CursorShape.CrossCursor)

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

    def _forget(self) -> None:
        self._band.reset(POLYGON)


class RectangleTool(DrawingTool):
    """Press, drag, release."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._start: Optional[QPoint] = None

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

    def _rectangle(self, end: QPoint) -> QgsGeometry:
        start = self._start
        corners = (start, QPoint(end.x(), start.y()), end, QPoint(start.x(), end.y()))
        return _polygon([QgsPointXY(self.toMapCoordinates(corner)) for corner in corners])

    def _forget(self) -> None:
        self._start = None
        super()._forget()


class PolygonTool(DrawingTool):
    """A click a corner; a double click, a right click or Enter ends it, Backspace takes the last back."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._corners: List[QgsPointXY] = []
        self._is_done = False

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802 - QGIS's name
        if event.button() == Qt.MouseButton.RightButton or self._is_done:
            self._is_done = False
            self._end()
        elif event.button() == Qt.MouseButton.LeftButton:
            corner = QgsPointXY(event.mapPoint())
            if not self._corners or self._corners[-1] != corner:  # a double click releases twice
                self._corners.append(corner)
            self._show()

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802 - QGIS's name
        if self._corners:
            self._show(QgsPointXY(event.mapPoint()))

    def canvasDoubleClickEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802 - QGIS's name
        self._is_done = True  # one more release follows: it must not reach the tool that takes over

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - QGIS's name
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            self._end()
        elif event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            event.ignore()  # QGIS would delete the selected features if this were accepted
            del self._corners[-1:]
            self._show()
        else:
            super().keyPressEvent(event)

    def _show(self, *next_corner: QgsPointXY) -> None:
        self._band.setToGeometry(_polygon([*self._corners, *next_corner]), None)

    def _end(self) -> None:
        """Fewer than three corners, or all on a line, are none: the tool goes on."""
        geometry = _polygon(self._corners)
        if len(self._corners) > 2 and geometry.area() > 0:
            self._forget()
            self.drawn.emit(geometry)

    def _forget(self) -> None:
        self._corners, self._is_done = [], False
        super()._forget()


def _polygon(corners: List[QgsPointXY]) -> QgsGeometry:
    return QgsGeometry.fromPolygonXY([[*corners, *corners[:1]]])
