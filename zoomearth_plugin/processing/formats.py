"""The files that answers are exported to, and what each of them cannot hold."""

from __future__ import annotations

import csv
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDateTime, Qt

from ..geopackage import storage_error
from .kinds import MULTIPOLYGON
from .outputs import LONGEST_TEXT_BYTES

WGS84 = "EPSG:4326"
LONGEST_NAME = 10
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
MAPPING_ENDING = "_fields.csv"


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Args:
        title: What people call it.
        driver: What GDAL calls it.
        is_geographic: Whether its coordinates are always degrees on WGS 84.
        layer_options: For GDAL, each ``NAME=VALUE``.
        dataset_options: The same, for the file.
    """

    title: str
    driver: str
    is_geographic: bool = False
    layer_options: Tuple[str, ...] = ()
    dataset_options: Tuple[str, ...] = ()


FORMATS: Dict[str, Format] = {
    ".gpkg": Format("GeoPackage", "GPKG"),
    ".geojson": Format("GeoJSON", "GeoJSON", True, ("RFC7946=YES", "COORDINATE_PRECISION=8")),
    ".shp": Format("Shapefile", "ESRI Shapefile", False, ("ENCODING=UTF-8",)),
    ".csv": Format("CSV", "CSV", False, ("GEOMETRY=AS_WKT", "SEPARATOR=COMMA")),
    ".kml": Format("KML", "KML", True, (), ("NameField=answer", "DescriptionField=none")),
}
"""By the ending of the file's name."""


def empty_layer(name: str, fields: QgsFields, kind, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
    """A layer in memory.

    Args:
        name: Of the layer.
        fields: Its columns.
        kind: Of its geometries, as QGIS numbers them.
        crs: Of its geometries.
    """
    layer = QgsVectorLayer(QgsWkbTypes.displayString(kind), name, "memory")
    layer.dataProvider().addAttributes(list(fields))
    layer.updateFields()
    layer.setCrs(crs)
    return layer


def write_table(
    layer: QgsVectorLayer, path: Path, kind: Format, transforms: QgsCoordinateTransformContext
) -> None:
    """Write a memory layer; ``path`` changes only when everything is written.

    Raises:
        OutputUnwritableError, DiskFullError: ``path`` is as it was.
    """
    unfinished = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
    endings = SHAPEFILE_PARTS if kind.driver == "ESRI Shapefile" else (path.suffix,)
    if not path.parent.is_dir():
        raise storage_error(path, f"{path.parent} is no folder")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = kind.driver
    options.layerName = path.stem
    options.fileEncoding = "UTF-8"
    options.layerOptions = list(kind.layer_options)
    options.datasourceOptions = list(kind.dataset_options)
    try:
        status, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
            layer, str(unfinished), transforms, options
        )
        if status != QgsVectorFileWriter.WriterError.NoError:
            raise storage_error(path, message or f"writer error {status}")
        for ending in endings:
            made = unfinished.with_suffix(ending)
            if made.exists():
                made.replace(path.with_suffix(ending))
            else:
                path.with_suffix(ending).unlink(missing_ok=True)  # of an older one that had it
    except OSError as error:
        raise storage_error(path, str(error), error.errno or 0) from error
    finally:
        for ending in {*endings, ".qmd"}:
            unfinished.with_suffix(ending).unlink(missing_ok=True)


def short_names(names: List[str]) -> Dict[str, str]:
    """Names of at most ten letters, each another one, whatever its case."""
    found: Dict[str, str] = {}
    taken = set()
    for name in names:
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)
        short, count = plain[:LONGEST_NAME] or "field", 1
        while short.lower() in taken:
            ending = f"_{count}"
            short, count = plain[: LONGEST_NAME - len(ending)] + ending, count + 1
        taken.add(short.lower())
        found[name] = short
    return found


def for_shapefile(layer: QgsVectorLayer) -> Tuple[QgsVectorLayer, List[Tuple[str, str, str]]]:
    """A copy that a Shapefile can hold, and (name, short name, what was lost) of its fields."""
    fields = layer.fields()
    short = short_names([field.name() for field in fields])
    kinds = [_shapefile_kind(field) for field in fields]
    described = "&".join(f"field={short[f.name()]}:{kind}" for f, kind in zip(fields, kinds))
    columns = QgsVectorLayer(f"None?{described}", "", "memory").fields()
    copy = empty_layer(layer.name(), columns, layer.wkbType(), layer.crs())
    cut = [0] * len(kinds)
    made = []
    for feature in layer.getFeatures():
        values = [_shapefile_value(value, kind) for value, kind in zip(feature.attributes(), kinds)]
        for index, (value, was) in enumerate(zip(values, feature.attributes())):
            cut[index] += isinstance(was, str) and value != was
        one = QgsFeature(copy.fields())
        one.setAttributes(values)
        one.setGeometry(feature.geometry())
        made.append(one)
    copy.dataProvider().addFeatures(made)
    told = [f"{count} texts were cut to {LONGEST_TEXT_BYTES} bytes" if count else "" for count in cut]
    return copy, [(field.name(), short[field.name()], said) for field, said in zip(fields, told)]


def write_mapping(path: Path, rows: List[Tuple[str, str, str]]) -> Path:
    """Which field of the Shapefile holds what; a table beside it."""
    mapping = path.with_name(path.stem + MAPPING_ENDING)
    try:
        with mapping.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "short_name", "lost"])
            writer.writerows(rows)
    except OSError as error:
        raise storage_error(mapping, str(error), error.errno or 0) from error
    return mapping


def in_crs(
    layer: QgsVectorLayer, crs: QgsCoordinateReferenceSystem, move: Callable[[Any], Any]
) -> QgsVectorLayer:
    """A copy of a layer of polygons, moved to another CRS, all of them of several parts."""
    copy = empty_layer(layer.name(), layer.fields(), MULTIPOLYGON, crs)
    made = []
    for feature in layer.getFeatures():
        one = QgsFeature(copy.fields())
        one.setAttributes(feature.attributes())
        one.setGeometry(move(feature.geometry()))
        made.append(one)
    copy.dataProvider().addFeatures(made)
    return copy


def _shapefile_kind(field: QgsField) -> str:
    name = field.typeName().lower()
    if name in ("double", "real", "float"):
        return "double"
    if name.startswith(("int", "mediumint", "smallint")):
        return "integer" if "64" not in name else "int8"
    if name in ("bool", "boolean"):
        return "integer"
    return f"string({LONGEST_TEXT_BYTES})"


def _shapefile_value(value: Any, kind: str) -> Any:
    if value is None or value == NULL:
        return None
    if kind == "integer":
        return int(value)
    if not kind.startswith("string"):
        return value
    text = value.toString(Qt.DateFormat.ISODateWithMs) if isinstance(value, QDateTime) else str(value)
    return text.encode()[:LONGEST_TEXT_BYTES].decode("utf-8", "ignore")
