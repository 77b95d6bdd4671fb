"""The pictures that the model saw, decoded away from the main thread and drawn with their box."""

from __future__ import annotations

import base64
import binascii
import logging
import threading
from typing import ClassVar, Optional, Set, Tuple

from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QImage, QImageReader, QPainter, QPainterPath, QPen

from ..zoomearth.core.frames import ViewBox
from ..zoomearth.core.types import Step

logger = logging.getLogger(__name__)

LARGEST_SIDE_PX = 1024
"""Kept in memory of a picture; views may be larger than a dock can show."""
LARGEST_DECODED_PX = 64 * 1024 * 1024
MARK = QColor(255, 214, 10)
MARK_CASING = QColor(20, 20, 20, 200)
"""The answer layer's colours for regions, which read on pictures of any brightness."""
CORNER_RADIUS_PX = 4.0
LEAST_BOX_PX = 6.0


class PictureLoader(QObject):
    """Decodes the pictures of one answer, in order; ``loaded`` comes in the main thread."""

    loaded = pyqtSignal(int, object)
    _through = pyqtSignal()
    _at_work: ClassVar[Set[PictureLoader]] = set()
    """Kept here until their threads have ended: who lets go of a QObject last must be the main thread."""

    def start(self, steps: Tuple[Step, ...]) -> None:
        """Return at once; the loader lives until the last picture is decoded."""
        self._is_stopped = False
        self._thread = threading.Thread(target=self._decode, args=(steps,), daemon=True)
        self._at_work.add(self)
        self._through.connect(self._leave)
        self._thread.start()

    @classmethod
    def stop_all(cls) -> None:
        """End all work, after the pictures that are being decoded."""
        for loader in tuple(cls._at_work):
            loader._is_stopped = True
            loader._leave()

    def _leave(self) -> None:
        self._thread.join()
        self._at_work.discard(self)

    def _decode(self, steps: Tuple[Step, ...]) -> None:
        for number, step in enumerate(steps):
            image = None if self._is_stopped else decoded(step.picture_png)
            if image is not None:
                self.loaded.emit(number, image)
        self._through.emit()


def decoded(picture_png: str) -> Optional[QImage]:
    """A base64 PNG, reduced to what a dock can use; None when it is no picture."""
    if not picture_png:
        return None
    try:
        data = QByteArray(base64.b64decode(picture_png, validate=True))
    except (binascii.Error, ValueError) as error:
        logger.warning("a step's picture is no base64: %s", error)
        return None
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, b"png")
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > LARGEST_DECODED_PX:
        logger.warning("a step's picture is no PNG of a fit size")
        return None
    limit = QSize(LARGEST_SIDE_PX, LARGEST_SIDE_PX)
    if size.width() > limit.width() or size.height() > limit.height():
        reader.setScaledSize(size.scaled(limit, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        logger.warning("a step's picture could not be read: %s", reader.errorString())
        return None
    return image


def fitted(size: Tuple[int, int], room: QRectF) -> QRectF:
    """The largest rectangle of the size's proportions inside the room, centred."""
    scale = min(room.width() / size[0], room.height() / size[1])
    width, height = size[0] * scale, size[1] * scale
    return QRectF(
        room.left() + (room.width() - width) / 2, room.top() + (room.height() - height) / 2, width, height
    )


def paint_picture(
    painter: QPainter, place: QRectF, image: Optional[QImage], step: Step, placeholder: QColor
) -> None:
    """The picture with rounded corners and, where the model chose to zoom, its box."""
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform, True)
    outline = QPainterPath()
    outline.addRoundedRect(place, CORNER_RADIUS_PX, CORNER_RADIUS_PX)
    painter.setClipPath(outline)
    if image is None:
        painter.fillRect(place, placeholder)
    else:
        painter.drawImage(place, image)
    if step.box is not None:
        _paint_box(painter, _box_place(step.box, step.view_size, place))
    painter.restore()


def _box_place(box: ViewBox, view_size: Tuple[int, int], place: QRectF) -> QRectF:
    """Where the box is drawn; one too small to be seen is drawn larger about its centre."""
    across, down = place.width() / view_size[0], place.height() / view_size[1]
    shown = QRectF(
        place.left() + box.left * across, place.top() + box.top * down, box.width * across, box.height * down
    )
    wider, higher = max(0.0, LEAST_BOX_PX - shown.width()), max(0.0, LEAST_BOX_PX - shown.height())
    return shown.adjusted(-wider / 2, -higher / 2, wider / 2, higher / 2)


def _paint_box(painter: QPainter, place: QRectF) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width_px in ((MARK_CASING, 4.0), (MARK, 2.0)):
        pen = QPen(color, width_px)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(place)
