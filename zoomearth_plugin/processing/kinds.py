"""Kinds of parameters under the names that each QGIS has for them."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsProcessing,
    QgsProcessingFeatureSource,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

if hasattr(Qgis, "ProcessingSourceType"):  # QGIS 3.36
    RASTER = Qgis.ProcessingSourceType.Raster
    TABLE = Qgis.ProcessingSourceType.Vector
    ANY_GEOMETRY = Qgis.ProcessingSourceType.VectorAnyGeometry
    POLYGONS = Qgis.ProcessingSourceType.VectorPolygon
    ADVANCED = Qgis.ProcessingParameterFlag.Advanced
    FOLDER = Qgis.ProcessingFileParameterBehavior.Folder
    WHOLE_NUMBER = Qgis.ProcessingNumberParameterType.Integer
else:
    RASTER = QgsProcessing.SourceType.TypeRaster
    TABLE = QgsProcessing.SourceType.TypeVector
    ANY_GEOMETRY = QgsProcessing.SourceType.TypeVectorAnyGeometry
    POLYGONS = QgsProcessing.SourceType.TypeVectorPolygon
    ADVANCED = QgsProcessingParameterDefinition.Flag.FlagAdvanced
    FOLDER = QgsProcessingParameterFile.Behavior.Folder
    WHOLE_NUMBER = QgsProcessingParameterNumber.Type.Integer

if hasattr(Qgis, "ProcessingFeatureSourceFlag"):  # QGIS 3.36
    UNCHECKED = Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks
else:
    UNCHECKED = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks

if hasattr(Qgis, "WkbType"):  # QGIS 3.30
    MULTIPOLYGON = Qgis.WkbType.MultiPolygon
    NO_GEOMETRY = Qgis.WkbType.NoGeometry
else:
    MULTIPOLYGON = QgsWkbTypes.Type.MultiPolygon
    NO_GEOMETRY = QgsWkbTypes.Type.NoGeometry

__all__ = [
    "ADVANCED",
    "ANY_GEOMETRY",
    "FOLDER",
    "MULTIPOLYGON",
    "NO_GEOMETRY",
    "POLYGONS",
    "RASTER",
    "TABLE",
    "UNCHECKED",
    "WHOLE_NUMBER",
]
