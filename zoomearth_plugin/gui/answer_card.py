"""The answer to a question: words, looks, regions, and what one must know to trust them."""

from __future__ import annotations

from typing import List, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..tasks import AnswerRecord
from ..wording import error_text, warning_text
from ..zoomearth.core.types import Region
from .ink import TextLabel, line_icon, wear_icon
from .measures import (
    box_text,
    gsd_text,
    in_full_detail_text,
    metres_per_raster_pixel,
    seconds_text,
    size_text,
)
from .step_strip import StepStrip
from .step_viewer import StepViewer

translate = QCoreApplication.translate

HEADLINE_LENGTH = 60
"""An answer up to this long is set large; a longer one is text to read."""
SHOWN_REGIONS = 5


class AnswerCard(QWidget):
    """Built once for a record; buttons only signal, the dock acts."""

    show_requested = pyqtSignal(object)
    """With the places to show."""
    copy_requested = pyqtSignal()
    export_requested = pyqtSignal()

    def __init__(self, record: AnswerRecord, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.record = record
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._answer_text())
        for warning in self._warnings():
            layout.addLayout(_warning_row(warning))
        self.steps = StepStrip(record.answer)
        self.steps.step_chosen.connect(self._show_step)
        layout.addWidget(self.steps)
        if record.answer.regions:
            layout.addWidget(self._region_list())
        layout.addLayout(self._facts())
        if record.answer.reasoning.strip():
            self._add_reasoning(layout)
        layout.addLayout(self._buttons())

    def _answer_text(self) -> QLabel:
        text = self.record.answer.text.strip()
        is_headline = 0 < len(text) <= HEADLINE_LENGTH
        label = TextLabel(
            text or translate("AnswerCard", "No answer"),
            scale=1.5 if is_headline else 1.0,
            strength=1.0 if text else 0.6,
            is_bold=is_headline,
        )
        label.setObjectName("zoomearthAnswer")
        label.setAccessibleName(translate("AnswerCard", "Answer"))
        label.make_selectable()
        return label

    def _warnings(self) -> List[str]:
        found = [warning_text(warning) for warning in self.record.answer.warnings]
        if self.record.storage_error is not None:
            found.append(
                translate(
                    "AnswerCard", "The answer is in a temporary layer only: {reason} Export it to keep it."
                ).format(reason=error_text(self.record.storage_error))
            )
        return found

    def _region_list(self) -> QListWidget:
        regions = QListWidget()
        regions.setObjectName("zoomearthRegions")
        regions.setAccessibleName(translate("AnswerCard", "Regions that the answer was read from"))
        regions.setToolTip(translate("AnswerCard", "Click a region to show it on the map"))
        regions.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        metres = metres_per_raster_pixel(self.record.answer)
        for region in self.record.answer.regions:
            regions.addItem(QListWidgetItem(line_icon("show"), _region_text(region, metres)))
        rows = min(len(self.record.answer.regions), SHOWN_REGIONS)
        regions.setFixedHeight(rows * (regions.sizeHintForRow(0) + 1) + 2 * regions.frameWidth() + 2)
        regions.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        regions.itemClicked.connect(lambda item: self._show_region(regions.row(item)))
        regions.itemActivated.connect(lambda item: self._show_region(regions.row(item)))
        return regions

    def _facts(self) -> QGridLayout:
        answer = self.record.answer
        metres = metres_per_raster_pixel(answer)
        seen = gsd_text(answer.seen_gsd_m) or translate("AnswerCard", "unknown: no map scale")
        facts = (
            (translate("AnswerCard", "Finest detail"), seen),
            (translate("AnswerCard", "In full detail"), in_full_detail_text(answer.native_share)),
            (translate("AnswerCard", "Shown"), "\n".join(map(warning_text, answer.approximations))),
            (translate("AnswerCard", "Searched"), box_text(answer.searched_box, metres)),
            (translate("AnswerCard", "Layer"), self.record.context.layer_name),
            (translate("AnswerCard", "Model"), f"{answer.model}  ·  {seconds_text(answer.seconds)}"),
        )
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate((name, value) for name, value in facts if value):
            title = TextLabel(name, strength=0.6, scale=0.9)
            title.setWordWrap(False)
            title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Minimum)
            text = TextLabel(value, strength=0.85, scale=0.9)
            text.make_selectable()
            grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text, row, 1)
        return grid

    def _add_reasoning(self, layout: QVBoxLayout) -> None:
        toggle = QToolButton()
        toggle.setObjectName("zoomearthReasoning")
        toggle.setText(translate("AnswerCard", "What the model thought"))
        toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        toggle.setArrowType(Qt.ArrowType.RightArrow)
        toggle.setAutoRaise(True)
        toggle.setCheckable(True)
        text = TextLabel(self.record.answer.reasoning.strip(), strength=0.75, scale=0.9)
        text.make_selectable()
        text.hide()

        def unfold(is_open: bool) -> None:
            toggle.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
            text.setVisible(is_open)

        toggle.toggled.connect(unfold)
        layout.addWidget(toggle)
        layout.addWidget(text)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        show = self._button("show", translate("AnswerCard", "Show on map"), "zoomearthShowOnMap")
        show.clicked.connect(lambda: self.show_requested.emit(self.record.places))
        copy = self._button("copy", translate("AnswerCard", "Copy"), "zoomearthCopy")
        copy.setToolTip(translate("AnswerCard", "Copy the answer with its place as text"))
        copy.clicked.connect(self.copy_requested)
        export = self._button("export", translate("AnswerCard", "Export…"), "zoomearthExport")
        export.setToolTip(translate("AnswerCard", "Write the answer and its place to a GeoPackage"))
        export.clicked.connect(self.export_requested)
        for button in (show, copy, export):
            row.addWidget(button, 1)
        return row

    def _button(self, icon: str, text: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setText(text)
        wear_icon(button, icon)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button

    def _show_region(self, number: int) -> None:
        # A feature for each region, in their order; fewer when the project was closed meanwhile.
        self.show_requested.emit(self.record.places[number : number + 1] or self.record.places)

    def _show_step(self, number: int) -> None:
        StepViewer(self.record.answer, self.steps.images(), number, self.window()).show()


def _region_text(region: Region, metres_per_pixel: Optional[float]) -> str:
    label = region.label.strip() or translate("AnswerCard", "Region")
    parts = [" ".join(label.split()), size_text(region.pixel_box, metres_per_pixel)]
    if region.score is not None:
        parts.append(f"{region.score:.0%}")
    return "  ·  ".join(parts)


def _warning_row(text: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    mark = QLabel()
    side_px = mark.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
    mark.setPixmap(QgsApplication.getThemeIcon("/mIconWarning.svg").pixmap(side_px, side_px))
    label = TextLabel(text, strength=0.9, scale=0.9)
    label.setObjectName("zoomearthWarning")
    row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(label, 1)
    return row
