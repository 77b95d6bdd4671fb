"""What tests that need QGIS are made of: rasters, answers, a queue's signals, a held model."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path

import numpy
from osgeo import gdal, ogr, osr

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from zoomearth_plugin.zoomearth.core.frames import PixelBox, ViewBox  # noqa: E402
from zoomearth_plugin.zoomearth.core.types import Answer, AnswerFrame, Region, Step  # noqa: E402

gdal.UseExceptions()
ASKED_AT = datetime(2026, 11, 20, 22, 30, 5, tzinfo=timezone.utc)
# Pixels [100, 50, 200, 150] of the scene: 1,000 m on a side.
SQUARE = ((501000.0, 5599500.0), (502000.0, 5599500.0), (502000.0, 5598500.0), (501000.0, 5598500.0))
FIELD_NAMES = (
    "question answer label score verified kind step reasoning raw_output model revision source "
    "seen_gsd_m area_m2 pixel_box asked_at seconds warnings"
).split()
NORTH_UP = (500000.0, 10.0, 0.0, 5600000.0, 0.0, -10.0)


def write_raster(path, *, size=(400, 300), bands=3, epsg=32633, geotransform=NORTH_UP, kind=gdal.GDT_Byte):
    """A GeoTIFF of noise; ``epsg`` or ``geotransform`` None leaves it out."""
    width, height = size
    data_set = gdal.GetDriverByName("GTiff").Create(str(path), width, height, bands, kind)
    if geotransform is not None:
        data_set.SetGeoTransform(geotransform)
    if epsg is not None:
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(epsg)
        data_set.SetProjection(reference.ExportToWkt())
    noise = numpy.random.default_rng(7).integers(1, 255, (bands, height, width))
    for band in range(bands):
        data_set.GetRasterBand(band + 1).WriteArray(noise[band])
    data_set.FlushCache()
    return path


def answer_of(polygon, *, frame=AnswerFrame.CRS, crs="EPSG:32633", regions=1, text="red", **changes):
    """An answer whose regions, or searched area, have the polygon."""
    box = PixelBox(100, 50, 200, 150)
    steps = (
        Step(PixelBox(0, 0, 400, 300), (200, 150), "<think>a</think>[…]", ViewBox(50, 25, 100, 75), 20.0),
        Step(box, (100, 100), f"<answer>{text}</answer>", None, 10.0),
    )
    values = {
        "text": text,
        "regions": tuple(Region("ship", box, polygon, 0.75, True) for _ in range(regions)),
        "steps": steps,
        "searched_box": PixelBox(0, 0, 400, 300),
        "searched_polygons": ((polygon,),),
        "frame": frame,
        "crs": crs,
        "seen_gsd_m": 10.0,
        "model": "zoomearth-mini",
        "revision": "abc",
        "seconds": 1.5,
        "reasoning": "a",
    }
    return Answer(**{**values, **changes})


class Signals:
    """Keeps what a queue signals, in order, as (name, …)."""

    def __init__(self, queue):
        self.seen = []
        for name in ("submitted", "started", "progressed", "answered", "failed", "cancelled", "idle"):
            getattr(queue, name).connect(lambda *details, name=name: self.seen.append((name, *details)))

    def of(self, name):
        return [details for seen, *details in self.seen if seen == name]

    def outcomes(self, task):
        """Names of the endings that one task had."""
        endings = ("answered", "failed", "cancelled")
        return [name for name, *details in self.seen if name in endings and details[0] is task]


def ogr_answers(path):
    """Answers in a GeoPackage, in the order of its table."""
    data_set = ogr.Open(str(path))
    table = data_set.GetLayerByName("answers")
    return [feature.GetField("answer") for feature in table]
