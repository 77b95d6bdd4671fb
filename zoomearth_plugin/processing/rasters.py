"""Which rasters and which questions a batch is made of."""

from __future__ import annotations

import fnmatch
import json
import os
import re
from pathlib import Path
from typing import Callable, Iterator, List, NamedTuple, Sequence

from qgis.core import NULL, QgsFeatureRequest, QgsProcessingFeatureSource, QgsProviderRegistry, QgsVectorLayer

from ..zoomearth.core.look import Look
from ..zoomearth.core.raster_request import is_no_path
from .kinds import UNCHECKED

PATTERNS = "*.tif *.tiff *.jp2 *.vrt *.img *.png *.jpg *.jpeg *.asc *.nc *.grd *.bil *.ecw *.sid"
"""Names of rasters, as far as they end in what tells."""


class BatchRaster(NamedTuple):
    """A raster of a job table.

    Args:
        uri: Anything GDAL opens.
        bands: Of the column of that name; empty for how the file would have it.
        look: Of the column of that name.
    """

    uri: str
    bands: str = ""
    look: str = ""

    @classmethod
    def of_look(cls, uri: str, bands: Sequence[int], look: Look) -> BatchRaster:
        """Of a file, as a layer shows it."""
        if not bands:
            return cls(uri)
        return cls(uri, ",".join(map(str, bands)), json.dumps(look.to_json(), sort_keys=True))


def rasters_in(folder: Path, patterns: str, *, is_recursive: bool) -> Iterator[Path]:
    """Files of a folder whose names match one of the patterns, in the order of their names."""
    wanted = [pattern.lower() for pattern in re.split(r"[\s;,]+", patterns.strip()) if pattern]
    for place, folders, names in os.walk(folder.absolute()):
        folders.sort()
        for name in sorted(names):
            if any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in wanted):
                yield Path(place, name)
        if not is_recursive:
            return


def indexed_rasters(
    source: QgsProcessingFeatureSource, field: str, folder: Path, is_stopped: Callable[[], bool]
) -> List[str]:
    """What the features of a tile index name; relative paths start at ``folder``."""
    found = []
    for text in texts_of(source, field, is_stopped):
        is_elsewhere = is_no_path(text) or Path(text).is_absolute()
        found.append(text if is_elsewhere else str(folder / text))
    return found


def texts_of(source: QgsProcessingFeatureSource, field: str, is_stopped: Callable[[], bool]) -> List[str]:
    """The values of a field that are not empty, each once, in their order."""
    index = source.fields().lookupField(field)
    found = []
    for feature in source.getFeatures(QgsFeatureRequest(), UNCHECKED):
        if is_stopped():
            break
        value = feature.attribute(index)
        if value is not None and value != NULL and str(value).strip():
            found.append(str(value).strip())
    return list(dict.fromkeys(found))


def folder_of(layer: QgsVectorLayer) -> Path:
    """Where the file of a layer lies; the current folder for one that is no file."""
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = str(parts.get("path") or "")
    return Path(path).resolve().parent if path else Path.cwd()


def lines_of(text: str) -> List[str]:
    """Questions typed one a line, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
