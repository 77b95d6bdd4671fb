"""What to ask, about which raster, where: the upper part of the dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from qgis.core import Qgis, QgsMapLayer, QgsMapLayerProxyModel, QgsRasterLayer
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtCore import QCoreApplication, QLocale, pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from ..layer_pixels import has_own_pixels, metres_per_unit, pixel_width
from .area_chooser import AreaChooser
from .ink import TextLabel, wear_icon
from .measures import length_text
from .question_line import QuestionLine

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

translate = QCoreApplication.translate

WORD_JOINER = "\u2060"
"""Keeps a line from breaking here."""

RASTER_LAYERS = (
    Qgis.LayerFilter.RasterLayer
    if hasattr(Qgis, "LayerFilter")  # QGIS 3.34
    else QgsMapLayerProxyModel.Filter.RasterLayer
)


class QuestionForm(QWidget):
    """Layer, area, question, and the buttons Ask and Cancel."""

    ask_requested = pyqtSignal()
    cancel_requested = pyqtSignal()
    cancel_all_requested = pyqtSignal()
    settings_requested = pyqtSignal()
    layer_changed = pyqtSignal()

    def __init__(self, iface: QgisInterface, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._iface = iface
        self._add_fields(iface)
        self._add_buttons()
        self._lay_out()
        self._layers.layerChanged.connect(self._show_layer)
        iface.currentLayerChanged.connect(self._follow)
        self._follow(iface.activeLayer())
        self._show_layer()

    def _add_fields(self, iface: QgisInterface) -> None:
        self._layers = QgsMapLayerComboBox()
        self._layers.setObjectName("zoomearthLayer")
        self._layers.setAccessibleName(translate("QuestionForm", "Raster layer"))
        self._layers.setFilters(RASTER_LAYERS)
        self._layers.setMinimumContentsLength(8)
        self._layers.setSizeAdjustPolicy(
            QgsMapLayerComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._about = TextLabel(strength=0.6, scale=0.9)
        self._about.setObjectName("zoomearthAboutLayer")
        self.area = AreaChooser(iface)
        self.line = QuestionLine()
        self.line.returnPressed.connect(self.ask_requested)
        self.line.textChanged.connect(lambda: self.show_notice(""))
        self._notice = TextLabel(scale=0.9)
        self._notice.setObjectName("zoomearthNotice")
        self._notice.hide()

    def _add_buttons(self) -> None:
        self._settings = QToolButton()
        self._settings.setObjectName("zoomearthSettings")
        self._settings.setAutoRaise(True)
        wear_icon(self._settings, "settings")
        self._settings.setToolTip(translate("QuestionForm", "Settings: model, engine, zoom limit"))
        self._settings.setAccessibleName(self._settings.toolTip())
        self._settings.clicked.connect(self.settings_requested)
        self.ask = QPushButton(translate("QuestionForm", "Ask"))
        self.ask.setObjectName("zoomearthAsk")
        self.ask.setToolTip(translate("QuestionForm", "Ask this question (Enter)"))
        self.ask.clicked.connect(self.ask_requested)
        self.cancel = QPushButton(translate("QuestionForm", "Cancel"))
        self.cancel.setObjectName("zoomearthCancel")
        self.cancel.setToolTip(translate("QuestionForm", "Cancel the question that is running (Escape)"))
        self.cancel.setEnabled(False)
        self.cancel.clicked.connect(self.cancel_requested)
        self.cancel_all = QPushButton(translate("QuestionForm", "Cancel all"))
        self.cancel_all.setObjectName("zoomearthCancelAll")
        self.cancel_all.setToolTip(translate("QuestionForm", "Cancel all questions, those that wait, too"))
        self.cancel_all.clicked.connect(self.cancel_all_requested)
        self.cancel_all.hide()

    def _lay_out(self) -> None:
        fields = QFormLayout()
        fields.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        fields.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        fields.addRow(translate("QuestionForm", "Layer"), self._layers)
        fields.addRow("", self._about)
        fields.addRow(translate("QuestionForm", "Area"), self.area)
        fields.addRow("", self.area.details)
        buttons = QHBoxLayout()
        buttons.addWidget(self._settings)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_all)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(fields)
        layout.addWidget(self.line)
        layout.addWidget(self._notice)
        layout.addLayout(buttons)

    @property
    def layer(self) -> Optional[QgsRasterLayer]:
        layer = self._layers.currentLayer()
        return layer if isinstance(layer, QgsRasterLayer) else None

    @property
    def question(self) -> str:
        return self.line.text()

    def show_notice(self, sentence: str) -> None:
        """What is wrong with the question; empty takes it away."""
        self._notice.setText(sentence)
        self._notice.setVisible(bool(sentence))

    def close_down(self) -> None:
        """Follow QGIS no longer."""
        self._iface.currentLayerChanged.disconnect(self._follow)
        self.area.close_down()

    def _follow(self, layer: Optional[QgsMapLayer]) -> None:
        if isinstance(layer, QgsRasterLayer):
            self._layers.setLayer(layer)

    def _show_layer(self, *_layer: object) -> None:
        layer = self.layer
        self._about.setText("" if layer is None else layer_text(layer))
        self._about.setVisible(layer is not None)
        self.ask.setEnabled(layer is not None)
        self.layer_changed.emit()


def layer_text(layer: QgsRasterLayer) -> str:
    """Size in pixels, size of a pixel, and CRS, in a line."""
    if not layer.isValid():
        return translate("QuestionForm", "This layer's data source is broken.")
    crs = layer.crs()
    code = crs.authid().replace(":", f":{WORD_JOINER}") or translate("QuestionForm", "own CRS")
    parts = [_size_text(layer)]
    if crs.isValid():
        parts += [_pixel_text(layer), code]
    else:
        parts.append(translate("QuestionForm", "no CRS"))
    return "  ·  ".join(filter(None, parts))


def _size_text(layer: QgsRasterLayer) -> str:
    if not has_own_pixels(layer):
        return translate("QuestionForm", "map service")
    width, height = (QLocale().toString(side) for side in (layer.width(), layer.height()))
    return translate("QuestionForm", "{width} × {height} px").format(width=width, height=height)


def _pixel_text(layer: QgsRasterLayer) -> str:
    if not has_own_pixels(layer) and not layer.dataProvider().nativeResolutions():
        return ""
    pixel = pixel_width(layer)
    if layer.crs().isGeographic():
        return translate("QuestionForm", "{degrees}° per pixel").format(degrees=f"{pixel:.3g}")
    metres = pixel * metres_per_unit(layer.crs())
    return translate("QuestionForm", "{length} per pixel").format(length=length_text(metres))
