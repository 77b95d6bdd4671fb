"""Where to look: the whole layer, what the map shows, a drawn shape, or selected features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Optional, Tuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from ..areas import area_of_geometry, area_of_selection
from ..zoomearth.core.errors import AreaOutsideError
from ..zoomearth.core.types import Area
from .area_tool import POLYGON, DrawingTool, PolygonTool, RectangleTool, area_band
from .ink import wear_icon

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

translate = QCoreApplication.translate

WHOLE_LAYER, MAP_VIEW, SELECTION = "layer", "canvas", "selection"
RECTANGLE, SHAPE = "rectangle", "polygon"


class AreaChooser(QWidget):
    """A box of five kinds, and a button that draws."""

    def __init__(self, iface: QgisInterface, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self._drawn: Dict[str, Tuple[QgsGeometry, QgsCoordinateReferenceSystem]] = {}
        self._earlier_tool = None
        self._band = area_band(self._canvas)
        self._tools: Dict[str, DrawingTool] = {
            RECTANGLE: RectangleTool(self._canvas),
            SHAPE: PolygonTool(self._canvas),
        }
        self._add_widgets()
        for tool in self._tools.values():
            tool.drawn.connect(self._keep)
            tool.given_up.connect(self._put_tool_down)
        self._canvas.mapToolSet.connect(self._tool_changed)
        self._canvas.destinationCrsChanged.connect(self._show_drawn)

    def _add_widgets(self) -> None:
        self.kind = QComboBox()
        self.kind.setObjectName("zoomearthArea")
        self.kind.setAccessibleName(translate("AreaChooser", "Area to search"))
        self.kind.addItem(translate("AreaChooser", "Whole layer"), WHOLE_LAYER)
        self.kind.addItem(translate("AreaChooser", "What the map shows"), MAP_VIEW)
        self.kind.addItem(translate("AreaChooser", "Drawn rectangle"), RECTANGLE)
        self.kind.addItem(translate("AreaChooser", "Drawn polygon"), SHAPE)
        self.kind.addItem(translate("AreaChooser", "Selected features"), SELECTION)
        self.draw = QToolButton()
        self.draw.setObjectName("zoomearthDraw")
        self.draw.setCheckable(True)
        wear_icon(self.draw, "rectangle")
        self.draw.setAccessibleName(translate("AreaChooser", "Draw the area on the map"))
        self.draw.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.kind, 1)
        row.addWidget(self.draw)
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.draw.clicked.connect(self._draw_clicked)

    def area(self, layer: QgsRasterLayer) -> Optional[Area]:
        """The area to search in the layer's raster; None for all of it.

        Raises:
            AreaOutsideError: It does not meet the layer, or nothing is drawn or selected.
        """
        kind = self.kind.currentData()
        if kind == MAP_VIEW:
            settings = self._canvas.mapSettings()
            shown = QgsGeometry.fromQPolygonF(settings.visiblePolygon())
            return area_of_geometry(shown, settings.destinationCrs(), layer)
        if kind in self._tools:
            if kind not in self._drawn:
                raise AreaOutsideError(
                    f"no {kind} is drawn", translate("AreaChooser", "Draw the area on the map first.")
                )
            return area_of_geometry(*self._drawn[kind], layer)
        if kind == SELECTION:
            return area_of_selection(self._selecting_layer(), layer)
        return None

    def close_down(self) -> None:
        """Take everything off the map."""
        self._canvas.mapToolSet.disconnect(self._tool_changed)
        self._canvas.destinationCrsChanged.disconnect(self._show_drawn)
        self._put_tool_down()
        for tool in self._tools.values():
            tool.close_down()
        self._canvas.scene().removeItem(self._band)

    def _selecting_layer(self) -> Optional[QgsVectorLayer]:
        """The active layer when it has a selection, else the only one that has."""
        active = self._iface.activeLayer()
        layers = QgsProject.instance().mapLayers().values()
        selecting: List[QgsVectorLayer] = [
            layer for layer in layers if isinstance(layer, QgsVectorLayer) and layer.selectedFeatureCount()
        ]
        if active in selecting:
            return active
        return selecting[0] if len(selecting) == 1 else None

    @property
    def _tool(self) -> Optional[DrawingTool]:
        """What draws the chosen kind of area; None where that is not drawn."""
        return self._tools.get(self.kind.currentData())

    def _kind_changed(self) -> None:
        self._put_tool_down()
        kind = self.kind.currentData()
        self.draw.setVisible(kind in self._tools)
        self.draw.setToolTip(_how_to_draw(kind))
        self._show_drawn()
        if kind in self._tools and kind not in self._drawn:
            self._take_tool()

    def _draw_clicked(self, is_checked: bool) -> None:
        if is_checked:
            self._take_tool()
        else:
            self._put_tool_down()

    def _take_tool(self) -> None:
        if self._canvas.mapTool() is not self._tool:
            self._earlier_tool = self._canvas.mapTool()
        self._canvas.setMapTool(self._tool)
        self._canvas.setFocus()

    def _put_tool_down(self) -> None:
        tool = self._canvas.mapTool()
        if tool not in self._tools.values():
            return
        if self._earlier_tool is not None and not sip.isdeleted(self._earlier_tool):
            self._canvas.setMapTool(self._earlier_tool)
        else:
            self._canvas.unsetMapTool(tool)

    def _tool_changed(self, *_tools: object) -> None:
        self.draw.setChecked(self._canvas.mapTool() in self._tools.values())

    def _keep(self, geometry: QgsGeometry) -> None:
        crs = QgsCoordinateReferenceSystem(self._canvas.mapSettings().destinationCrs())
        self._drawn[self.kind.currentData()] = (geometry, crs)
        self._show_drawn()
        self._put_tool_down()

    def _show_drawn(self) -> None:
        self._band.reset(POLYGON)
        kind = self.kind.currentData()
        if kind not in self._drawn:
            return
        geometry, crs = self._drawn[kind]
        shown = QgsGeometry(geometry)
        target = self._canvas.mapSettings().destinationCrs()
        try:
            shown.transform(QgsCoordinateTransform(crs, target, QgsProject.instance()))
        except QgsCsException:
            return  # it has no place on this map; asking about it says so
        self._band.setToGeometry(shown, None)


def _how_to_draw(kind: str) -> str:
    if kind == SHAPE:
        return translate(
            "AreaChooser", "Draw the polygon on the map: click its corners, double-click the last one"
        )
    return translate("AreaChooser", "Draw the rectangle on the map")
