"""Where to look: the whole layer, what the map shows, a drawn shape, features, or typed coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Optional, Tuple

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsMapLayerProxyModel,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from ..areas import (
    NamedArea,
    area_of_geometry,
    area_of_rectangle,
    area_of_selection,
    areas_of_features,
    rectangle_text,
    typed_rectangle,
)
from ..zoomearth.core.errors import AreaOutsideError
from ..zoomearth.core.types import Area
from .area_tool import POLYGON, DrawingTool, PolygonTool, RectangleTool, area_band
from .ink import wear_icon

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

translate = QCoreApplication.translate

WHOLE_LAYER, MAP_VIEW, SELECTION = "layer", "canvas", "selection"
FEATURES, COORDINATES = "features", "coordinates"
RECTANGLE, SHAPE = "rectangle", "polygon"


POLYGON_LAYERS = (
    Qgis.LayerFilter.PolygonLayer
    if hasattr(Qgis, "LayerFilter")  # QGIS 3.34
    else QgsMapLayerProxyModel.Filter.PolygonLayer
)


class AreaChooser(QWidget):
    """A box of kinds, and a button that draws; ``details`` is a widget for what some kinds need."""

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
        self.kind.addItem(translate("AreaChooser", "Each feature of a layer"), FEATURES)
        self.kind.addItem(translate("AreaChooser", "Coordinates"), COORDINATES)
        self.draw = QToolButton()
        self.draw.setObjectName("zoomearthDraw")
        self.draw.setCheckable(True)
        wear_icon(self.draw, "rectangle")
        self.draw.setAccessibleName(translate("AreaChooser", "Draw the area on the map"))
        self.draw.hide()
        self.features = QgsMapLayerComboBox()
        self.features.setObjectName("zoomearthFeatures")
        self.features.setFilters(POLYGON_LAYERS)
        self.features.setMinimumContentsLength(8)
        self.features.setAccessibleName(translate("AreaChooser", "Layer whose features are asked about"))
        self.features.setToolTip(
            translate(
                "AreaChooser",
                "One answer for each feature; only for the selected ones where some are selected",
            )
        )
        self.coordinates = QLineEdit()
        self.coordinates.setObjectName("zoomearthCoordinates")
        self.coordinates.setAccessibleName(translate("AreaChooser", "Coordinates of the area"))
        self.coordinates.setPlaceholderText(translate("AreaChooser", "west, south, east, north [EPSG:…]"))
        self.coordinates.setToolTip(
            translate(
                "AreaChooser",
                "West, south, east, north; in the map's CRS, or in one in brackets behind them",
            )
        )
        self._details = {FEATURES: self.features, COORDINATES: self.coordinates}
        self.details = QWidget()
        column = QVBoxLayout(self.details)
        column.setContentsMargins(0, 0, 0, 0)
        for detail in self._details.values():
            column.addWidget(detail)
        self.details.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.kind, 1)
        row.addWidget(self.draw)
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.draw.clicked.connect(self._draw_clicked)

    def areas(self, layer: QgsRasterLayer) -> List[NamedArea]:
        """The areas to search in the layer's raster, each for an answer of its own.

        Raises:
            AreaOutsideError: They do not meet the layer, or nothing is drawn, selected or typed.
            AreaRequiredError: No layer of features is there, or it has too many.
        """
        if self.kind.currentData() == FEATURES:
            return areas_of_features(self.features.currentLayer(), layer)
        return [NamedArea("", self._area(layer))]

    def _area(self, layer: QgsRasterLayer) -> Optional[Area]:
        """The only area; None for all of the layer."""
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
        if kind == COORDINATES:
            crs = self._canvas.mapSettings().destinationCrs()
            return area_of_rectangle(*typed_rectangle(self.coordinates.text(), crs), layer)
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
        for owner, detail in self._details.items():
            detail.setVisible(kind == owner)
        self.details.setVisible(kind in self._details)
        if kind == COORDINATES and not self.coordinates.text():
            self._offer_view()
        self._show_drawn()
        if kind in self._tools and kind not in self._drawn:
            self._take_tool()

    def _offer_view(self) -> None:
        """What the map shows now, as a start and an example of how coordinates are typed."""
        settings = self._canvas.mapSettings()
        self.coordinates.setText(rectangle_text(settings.visibleExtent(), settings.destinationCrs()))
        self.coordinates.setCursorPosition(0)

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
