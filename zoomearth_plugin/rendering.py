"""QGIS draws windows of a layer that is no file, alone, off the main thread, for the engine.

Drawing is QGIS's own work in threads of its own, as for the map: the main thread only starts it and takes
what came, so neither a slow service nor Python's lock stops the window.
"""

from __future__ import annotations

import logging
import re
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Dict, List, Tuple
from urllib.parse import unquote

from qgis.core import (
    QgsBilinearRasterResampler,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsNetworkAccessManager,
    QgsNetworkReplyContent,
    QgsNetworkRequestParameters,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QObject, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QImage, QPainter
from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest

from .layer_pixels import has_own_pixels
from .zoomearth.core.drawing import Drawing, DrawnGrid, DrawnWindow
from .zoomearth.core.errors import RasterUnreadableError
from .zoomearth.core.frames import PixelBox

logger = logging.getLogger(__name__)

DPI = 96.0
_OVERSAMPLING = 4.0
_ABORTED = QNetworkReply.NetworkError.OperationCanceledError
_STATUS = QNetworkRequest.Attribute.HttpStatusCodeAttribute


@dataclass
class _Job:
    future: Future
    renderer: QgsMapRendererParallelJob
    failures: List[str]


class LayerDrawer(QObject):
    """Draws one layer as it looks now; made and destroyed in the main thread.

    Args:
        layer: Copied; it may go away, or look different, afterwards.
        grid: See :func:`.layer_pixels.drawn_grid`.
    """

    _wanted = pyqtSignal(object, object)
    _given_up = pyqtSignal(object)

    def __init__(self, layer: QgsRasterLayer, grid: DrawnGrid) -> None:
        super().__init__()
        self._layer = _as_it_is(layer)
        self._grid = grid
        self._hosts = _hosts(layer)
        self._jobs: Dict[int, _Job] = {}
        self._wanted.connect(self._start, Qt.ConnectionType.QueuedConnection)
        self._given_up.connect(self._stop, Qt.ConnectionType.QueuedConnection)
        if self._hosts:
            network = QgsNetworkAccessManager.instance()
            network.finished[QgsNetworkReplyContent].connect(self._reply_came)
            network.requestTimedOut[QgsNetworkRequestParameters].connect(self._request_timed_out)

    def draw(self, window: DrawnWindow) -> Future:
        """Begin to draw; from any thread. See :class:`.zoomearth.core.drawing.Drawer`."""
        future: Future = Future()
        self._wanted.emit(window, future)
        future.add_done_callback(self._ended)
        return future

    def stop(self) -> None:
        """Stop all that is being drawn, at once; in the main thread."""
        for job in list(self._jobs.values()):
            self._stop(job.future)

    def _ended(self, future: Future) -> None:
        if future.cancelled():
            self._given_up.emit(future)

    def _start(self, window: DrawnWindow, future: Future) -> None:
        if future.cancelled():
            return
        renderer = QgsMapRendererParallelJob(self._map_settings(window))
        self._jobs[id(future)] = _Job(future, renderer, [])
        renderer.finished.connect(lambda: self._finish(future))
        renderer.start()

    def _map_settings(self, window: DrawnWindow) -> QgsMapSettings:
        settings = QgsMapSettings()
        settings.setLayers([self._layer])
        settings.setDestinationCrs(self._layer.crs())
        settings.setTransformContext(QgsProject.instance().transformContext())
        settings.setExtent(_rectangle(window.box, self._grid))
        settings.setOutputSize(QSize(*window.size))
        settings.setOutputDpi(DPI)
        settings.setBackgroundColor(QColor(0, 0, 0, 0))
        return settings

    def _finish(self, future: Future) -> None:
        job = self._jobs.pop(id(future), None)
        if job is None or not future.set_running_or_notify_cancel():  # from here on nobody can cancel it
            return
        image = job.renderer.renderedImage()
        job.failures.extend(error.message for error in job.renderer.errors())
        if image.isNull():
            future.set_exception(RasterUnreadableError(f"layer {self._layer.name()!r} could not be drawn"))
            return
        future.set_result(Drawing(_rgba(image), tuple(job.failures)))

    def _stop(self, future: Future) -> None:
        job = self._jobs.pop(id(future), None)
        if job is not None:
            renderer = job.renderer
            # It ends when what it waits for lets it; until then it must not be destroyed, which would wait.
            renderer.finished.connect(renderer.deleteLater)
            renderer.setParent(QgsProject.instance())
            renderer.cancelWithoutBlocking()

    def _reply_came(self, reply: QgsNetworkReplyContent) -> None:
        if reply.error() in (QNetworkReply.NetworkError.NoError, _ABORTED):
            return
        status = reply.attribute(_STATUS)
        self._note(reply.request().url(), f"HTTP {status}" if status else "no connection")

    def _request_timed_out(self, request: QgsNetworkRequestParameters) -> None:
        self._note(request.request().url(), "no reply in time")

    def _note(self, url, failure: str) -> None:
        """A request to the layer's service failed; the map may be the one that made it."""
        if not self._jobs or url.authority().rpartition("@")[2] not in self._hosts:
            return
        logger.warning("%s from %s", failure, url.host())
        for job in self._jobs.values():
            job.failures.append(f"{failure} from {url.host()}")


def _as_it_is(layer: QgsRasterLayer) -> QgsRasterLayer:
    """A copy with the same colours that is drawn at every scale, opaque, over nothing."""
    copy = _copy(layer)
    copy.setScaleBasedVisibility(False)
    copy.setOpacity(1.0)
    copy.setBlendMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    if has_own_pixels(layer) and copy.resampleFilter() is not None:
        copy.resampleFilter().setZoomedOutResampler(QgsBilinearRasterResampler())
        copy.resampleFilter().setMaxOversampling(_OVERSAMPLING)
    return copy


def _copy(layer: QgsRasterLayer) -> QgsRasterLayer:
    """QGIS's own copy of a coverage service's layer asks the service for its statistics, and waits."""
    if layer.providerType() != "wcs":
        return layer.clone()
    options = QgsRasterLayer.LayerOptions()
    options.loadDefaultStyle = False
    copy = QgsRasterLayer(layer.source(), layer.name(), layer.providerType(), options)
    copy.setCrs(layer.crs())
    copy.setRenderer(layer.renderer().clone())
    for filter_ in (layer.brightnessFilter(), layer.hueSaturationFilter()):
        if filter_ is not None:
            copy.pipe().set(filter_.clone())
    return copy


def _hosts(layer: QgsRasterLayer) -> Tuple[str, ...]:
    """Whom the layer's service is asked at, ``host`` or ``host:port``."""
    found = re.findall(r"(?i)https?://(?:[^/@&?\s'\"]*@)?([^/&?\s'\"]+)", unquote(layer.source()))
    return tuple({host.lower() for host in found})


def _rectangle(box: PixelBox, grid: DrawnGrid) -> QgsRectangle:
    """The grid is square and north-up, see :func:`.layer_pixels.drawn_grid`."""
    step, _, left, _, _, top = grid.transform
    return QgsRectangle(
        left + box.left * step, top - box.bottom * step, left + box.right * step, top - box.top * step
    )


def _rgba(image: QImage) -> bytes:
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    bits = plain.constBits()
    bits.setsize(plain.sizeInBytes())
    return bytes(bits)


__all__ = ["LayerDrawer"]
