"""Where algorithms write: outputs that are made when there is something to write, and closed in time."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDataSourceUri,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingOutputLayerDefinition,
    QgsVectorFileWriter,
)
from qgis.PyQt.QtCore import QCoreApplication

translate = QCoreApplication.translate

LONGEST_TEXT_BYTES = 254
"""What a Shapefile holds of a text."""
_PROVIDER = re.compile(r"/vsi|[A-Za-z][A-Za-z0-9_]+:")
"""What is no path on a disk; drive letters are one letter."""


class Destination(NamedTuple):
    """A file that an output is written to.

    Args:
        path: Absolute, without links.
        table: The one table that is written; empty where the whole file is.
    """

    path: Path
    table: str = ""

    def is_file(self, path: Path) -> bool:
        """Whether it is the file of that name, by whatever name."""
        with suppress(OSError, ValueError):
            if self.path.samefile(path):
                return True
        return self.path == real(path)

    def meets(self, other: Destination) -> bool:
        """Whether one would overwrite the other."""
        is_apart = self.table and other.table and self.table.lower() != other.table.lower()
        return self.is_file(other.path) and not is_apart


def real(path: Path) -> Path:
    """Absolute and without links, as far as the system can tell; a layer's source may be no path at all."""
    with suppress(OSError, ValueError, RuntimeError):
        return path.absolute().resolve()
    return path


def destination_of(value: Any) -> Optional[Destination]:
    """Of a parameter for an output; None where it is no file, or not chosen yet."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink.staticValue()
    if not isinstance(value, str) or value in ("", QgsProcessing.TEMPORARY_OUTPUT):
        return None
    if value.lower().startswith("ogr:"):
        uri = QgsDataSourceUri(value[4:])
        return Destination(real(Path(uri.database())), uri.table()) if uri.database() else None
    if _PROVIDER.match(value):
        return None
    is_known = QgsVectorFileWriter.driverForExtension(Path(value).suffix) != ""
    return Destination(real(Path(value if is_known else f"{value}.gpkg")))  # as QGIS itself does


class FeatureOutput:
    """An output of features. Until :meth:`open` nothing is touched; what was there before stays.

    QGIS writes a file to its end when the last hold on its sink is gone, so there is only one.

    Args:
        algorithm: Whose.
        parameters: Of the run.
        name: The parameter's.
        context: Of the run.
        feedback: Told what the file could not hold.

    Raises:
        QgsProcessingException: It is a file in a folder where none can be written.
    """

    def __init__(
        self, algorithm: QgsProcessingAlgorithm, parameters: Dict[str, Any], name: str, context, feedback
    ) -> None:
        self._algorithm, self._parameters, self._name = algorithm, parameters, name
        self._context, self._feedback = context, feedback
        self._sink: Optional[QgsFeatureSink] = None
        self._cut: Dict[str, int] = {}
        self.identity = ""
        self.is_open = False
        destination = destination_of(parameters.get(name))
        self._is_shapefile = destination is not None and destination.path.suffix.lower() == ".shp"
        if destination is not None and not os.access(destination.path.parent, os.W_OK):
            raise QgsProcessingException(algorithm.invalidSinkError(parameters, name))

    def __enter__(self) -> FeatureOutput:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(
        self, fields: QgsFields, geometry, crs: QgsCoordinateReferenceSystem, *, is_optional: bool = False
    ) -> None:
        """Make it, unless it is; an optional one that nobody wants takes features, and keeps none.

        Raises:
            QgsProcessingException: It cannot be made.
        """
        if self.is_open:
            return
        self._sink, self.identity = self._algorithm.parameterAsSink(
            self._parameters, self._name, self._context, fields, geometry, crs
        )
        if self._sink is None and not is_optional:
            raise QgsProcessingException(self._algorithm.invalidSinkError(self._parameters, self._name))
        self.is_open = True

    def add(self, feature: QgsFeature) -> None:
        """Write one; raises QgsProcessingException where that cannot be."""
        if self._sink is None:
            return
        if self._is_shapefile:
            for field, value in zip(feature.fields(), feature.attributes()):
                if isinstance(value, str) and len(value.encode()) > LONGEST_TEXT_BYTES:
                    self._cut[field.name()] = self._cut.get(field.name(), 0) + 1
        if not self._sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            error = self._algorithm.writeFeatureError(self._sink, self._parameters, self._name)
            raise QgsProcessingException(error)

    def close(self) -> None:
        """Let it be written to its end; tell what was lost."""
        self._sink = None
        if self._cut:
            told = translate(
                "Processing", "A Shapefile holds 254 bytes of a text; so many were cut: {counts}"
            )
            counts = ", ".join(f"{name} ({count})" for name, count in self._cut.items())
            self._feedback.pushWarning(told.format(counts=counts))
            self._cut = {}
