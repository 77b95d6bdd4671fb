"""The theme's own ink: text, tints and icons that read on every light and dark theme of QGIS.

QGIS's themes colour widgets by a style sheet and leave the palette as it was, so a palette role alone may be
black on black. What a label really gets is asked of a label.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Callable, Optional

from qgis.PyQt.QtCore import QByteArray, QEvent, QObject, QRectF, QSize, Qt, QTimer
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPixmap, QTextOption
from qgis.PyQt.QtSvg import QSvgRenderer
from qgis.PyQt.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QWidget

from ..zoomearth.resources import resource_folder

ICON_SIDES_PX = (16, 24, 32, 48)
DISABLED_STRENGTH = 0.4
_THEME_CHANGES = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)


class _ThemeFollower(QObject):
    def __init__(self, widget: QWidget, dress: Callable[[], None]) -> None:
        super().__init__(widget)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(dress)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() in _THEME_CHANGES:
            self._later.start(0)
        return False


def follow_theme(widget: QWidget, dress: Callable[[], None]) -> None:
    """Dress the widget now, and again whenever the theme has changed.

    Not while it changes: Qt then gives every label the ink of a disabled one.
    """
    dress()
    _ThemeFollower(widget, dress)


def ink(strength: float = 1.0) -> QColor:
    """The colour of text on a panel, made see-through; ``strength`` 1 is opaque."""
    probe = QLabel()
    probe.ensurePolished()
    color = probe.palette().color(probe.foregroundRole())
    color.setAlphaF(strength)
    return color


def text_style(*, scale: float, strength: float, is_bold: bool) -> str:
    """A style sheet of the theme's font and ink, changed by these; a font set otherwise loses to QGIS's."""
    probe = QLabel()
    probe.ensurePolished()
    color = ink(strength)
    points = probe.fontInfo().pointSizeF() * scale
    weight = "; font-weight: bold" if is_bold else ""
    red, green, blue = color.red(), color.green(), color.blue()
    return f"color: rgba({red}, {green}, {blue}, {color.alpha()}); font-size: {points:.1f}pt{weight}"


def line_icon(name: str, color: Optional[QColor] = None) -> QIcon:
    """One of the drawn icons, in the theme's ink as it is now, or in a colour of its surroundings."""
    worn = ink() if color is None else color
    return _drawn(name, worn.rgb())


def forget_icons() -> None:
    """Let go of what was drawn; call it before QGIS's graphics end."""
    _drawn.cache_clear()


@lru_cache(maxsize=64)
def _drawn(name: str, rgb: int) -> QIcon:
    drawing = (resource_folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(drawing.encode("utf-8")))
    icon = QIcon()
    worn = QColor(rgb)
    for mode, strength in ((QIcon.Mode.Normal, 0.85), (QIcon.Mode.Disabled, DISABLED_STRENGTH)):
        worn.setAlphaF(strength)
        for side_px in ICON_SIDES_PX:
            icon.addPixmap(_inked(renderer, side_px, worn), mode)
    return icon


def wear_icon(button: QAbstractButton, name: str) -> None:
    """Put a drawn icon on a button, in the ink of whatever theme there is."""
    follow_theme(button, lambda: button.setIcon(line_icon(name)))


def _inked(renderer: QSvgRenderer, side_px: int, color: QColor) -> QPixmap:
    pixmap = QPixmap(QSize(side_px, side_px))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side_px, side_px))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(pixmap.rect(), color)
    painter.end()
    return pixmap


class TextLabel(QLabel):
    """Plain text whatever is in it, wrapped, never asking for width.

    Args:
        scale: Of the theme's font size.
        strength: 1 for full ink, less for what is to stand back.
    """

    def __init__(
        self,
        text: str = "",
        parent: Optional[QWidget] = None,
        *,
        scale: float = 1.0,
        strength: float = 1.0,
        is_bold: bool = False,
    ) -> None:
        super().__init__(parent)
        self._look = {"scale": scale, "strength": strength, "is_bold": is_bold}
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.setText(text)
        follow_theme(self, self._dress)

    def make_selectable(self) -> None:
        """Let the text be marked and copied with mouse and keyboard."""
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    def _dress(self) -> None:
        style = text_style(**self._look)
        if style != self.styleSheet():  # setting it is a change of style, too
            self.setStyleSheet(style)


class ElidedLabel(TextLabel):
    """One line that loses its beginning where it is too long: of a running text, the end is news."""

    def __init__(self, text: str = "", parent: Optional[QWidget] = None, **look: float) -> None:
        super().__init__(text, parent, **look)
        self.setWordWrap(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """As much of the end as there is room for."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        line = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideLeft, self.width())
        painter.drawText(QRectF(self.rect()), line, one_line(Qt.AlignmentFlag.AlignLeft))
        painter.end()


def one_line(alignment: Qt.AlignmentFlag) -> QTextOption:
    """How a painter sets one line of text, in the middle of its height."""
    option = QTextOption(alignment | Qt.AlignmentFlag.AlignVCenter)
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    return option
