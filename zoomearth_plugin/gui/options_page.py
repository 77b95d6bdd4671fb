"""The page *ZoomEarth* in QGIS's options: a row for each setting, and the engine's state."""

from __future__ import annotations

from typing import Dict, Optional

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from .. import settings
from ..environment import EngineUpkeep
from ..settings import Setting, Settings
from ..zoomearth.resources import resource_folder
from .ink import TextLabel
from .setup_assistant import EnginePanel

translate = QCoreApplication.translate

PAGE_NAME = "zoomearthOptions"
LARGE_STEP = 56
"""Views of whole picture tokens, for the models there are."""
GAP_PX = 10


class ZoomEarthOptionsFactory(QgsOptionsWidgetFactory):
    """Registered with QGIS while the plugin is loaded.

    Args:
        upkeep: Outlives the pages; what it does is shown in each of them.
    """

    def __init__(self, upkeep: EngineUpkeep) -> None:
        super().__init__(translate("Options", "ZoomEarth"), icon())
        self._upkeep = upkeep

    def icon(self) -> QIcon:
        return icon()

    def createWidget(self, parent: Optional[QWidget] = None) -> OptionsPage:  # noqa: N802 - QGIS's name
        return OptionsPage(self._upkeep, parent)


def icon() -> QIcon:
    """The plugin's own."""
    return QIcon(str(resource_folder() / "icons" / "zoomearth.svg"))


class OptionsPage(QgsOptionsPageWidget):
    """Edits all settings; nothing is kept before OK."""

    def __init__(self, upkeep: EngineUpkeep, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName(PAGE_NAME)
        self._editors: Dict[str, QWidget] = {}
        rows = self._rows()
        self.engine = EnginePanel(upkeep, self.edited)
        content = QVBoxLayout()
        content.setContentsMargins(GAP_PX, 0, GAP_PX, 0)
        content.setSpacing(GAP_PX)
        content.addLayout(rows)
        content.addWidget(self.engine)
        content.addStretch(1)
        QVBoxLayout(self).addLayout(content)  # QGIS takes the outer layout's margins away

    def _rows(self) -> QGridLayout:
        stored = settings.load()
        rows = QGridLayout()
        rows.setColumnStretch(1, 1)
        rows.setHorizontalSpacing(GAP_PX)
        rows.setVerticalSpacing(2)
        for row in settings.table():
            editor = _editor(row, getattr(stored, row.key))
            editor.setObjectName(f"zoomearth_{row.key}")
            editor.setToolTip(row.tip)
            editor.setAccessibleName(row.title)
            self._editors[row.key] = editor
            title = QLabel(row.title)
            title.setBuddy(editor)
            line = rows.rowCount()
            rows.addWidget(title, line, 0)
            rows.addWidget(editor, line, 1)
            rows.addWidget(TextLabel(row.tip, strength=0.6, scale=0.9), line + 1, 1)
            rows.setRowMinimumHeight(line + 2, GAP_PX)
        return rows

    def edited(self) -> Settings:
        """The settings as the page shows them."""
        return Settings(**{key: _value(editor) for key, editor in self._editors.items()})

    def apply(self) -> None:
        """QGIS calls it on OK."""
        settings.save(self.edited())

    def cancel(self) -> None:
        """QGIS calls it on Cancel, in newer versions."""

    def helpKey(self) -> str:  # noqa: N802 - QGIS's name
        return ""


def _editor(row: Setting, value: object) -> QWidget:
    if row.key == "model":
        return _model_box(str(value))
    if row.minimum is not None and row.maximum is not None:
        box = QSpinBox()
        box.setRange(row.minimum, row.maximum)
        box.setSingleStep(LARGE_STEP if row.maximum > 100 else 1)
        box.setValue(int(str(value)))
        if row.key == "view_side_px":
            box.setSpecialValueText(translate("Options", "The model's own"))
        return box
    if row.key in ("engine_python", "cache_folder"):
        chooser = QgsFileWidget()
        is_folder = row.key == "cache_folder"
        mode = QgsFileWidget.StorageMode.GetDirectory if is_folder else QgsFileWidget.StorageMode.GetFile
        chooser.setStorageMode(mode)
        chooser.setDialogTitle(row.title)
        chooser.setFilePath(str(value))
        return chooser
    return QLineEdit(str(value))


def _model_box(value: str) -> QComboBox:
    """The models that have a profile; any other name or folder can be typed."""
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.addItems(sorted(path.stem for path in (resource_folder() / "models").glob("*.toml")))
    box.setCurrentText(value)
    return box


def _value(editor: QWidget) -> object:
    if isinstance(editor, QSpinBox):
        return editor.value()
    if isinstance(editor, QgsFileWidget):
        return editor.filePath().strip()
    if isinstance(editor, QComboBox):
        return editor.currentText().strip()
    return editor.text().strip() if isinstance(editor, QLineEdit) else ""
