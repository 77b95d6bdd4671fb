"""Well-known binary: against bytes written down by hand and geometry that OGR wrote."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from zoomearth.training.data.wkb import Shape, read_shape

POINT_1_2 = "0101000000000000000000F03F0000000000000040"
POINT_1_2_BIG_ENDIAN = "00000000013FF00000000000004000000000000000"


def by_ogr(folder: Path, geometry: dict[str, Any]) -> bytes:
    path = folder / "one.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return bytes(pyogrio.raw.read(path)[2][0])


def positions(shape: Shape | None) -> list[list[list[float]]]:
    assert shape is not None
    return [ring.tolist() for ring in shape.rings]


@pytest.mark.parametrize("text", [POINT_1_2, POINT_1_2_BIG_ENDIAN])
def test_a_point(text: str) -> None:
    shape = read_shape(bytes.fromhex(text))
    assert positions(shape) == [[[1, 2]]]
    assert shape is not None and not shape.has_area


def test_a_point_with_height_and_measure() -> None:
    for code in (3001, 1 | 0x80000000 | 0x40000000):
        assert positions(read_shape(struct.pack("<BIdddd", 1, code, 1, 2, 3, 4))) == [[[1, 2]]]


@pytest.mark.parametrize("code", [1002, 2002, 2 | 0x80000000, 2 | 0x40000000])
def test_a_line_with_height_or_measure(code: int) -> None:
    wkb = struct.pack("<BIIdddddd", 1, code, 2, 1, 2, 9, 3, 4, 9)
    assert positions(read_shape(wkb)) == [[[1, 2], [3, 4]]]


def test_a_point_with_its_srid_inside() -> None:
    assert positions(read_shape(struct.pack("<BIIdd", 1, 1 | 0x20000000, 4326, 1, 2))) == [[[1, 2]]]


SQUARE = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]]
HOLE = [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 1.0]]


@pytest.mark.parametrize(
    ("geometry", "rings", "has_area"),
    [
        ({"type": "LineString", "coordinates": SQUARE[:3]}, [SQUARE[:3]], False),
        ({"type": "Polygon", "coordinates": [SQUARE, HOLE]}, [SQUARE, HOLE], True),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], [HOLE]]}, [SQUARE, HOLE], True),
        ({"type": "MultiPoint", "coordinates": SQUARE[:2]}, [SQUARE[:1], SQUARE[1:2]], False),
        (
            {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Point", "coordinates": [9, 9]},
                    {"type": "Polygon", "coordinates": [SQUARE]},
                ],
            },
            [[[9, 9]], SQUARE],
            True,
        ),
        ({"type": "Polygon", "coordinates": [[[*xy, 7.0] for xy in SQUARE]]}, [SQUARE], True),
    ],
)
def test_what_ogr_writes(tmp_path: Path, geometry: dict[str, Any], rings: object, has_area: bool) -> None:
    shape = read_shape(by_ogr(tmp_path, geometry))
    assert positions(shape) == rings
    assert shape is not None and shape.has_area is has_area


def test_nothing_there() -> None:
    empty_point = struct.pack("<BIdd", 1, 1, float("nan"), float("nan"))
    empty_polygon = struct.pack("<BII", 1, 3, 0)
    assert read_shape(empty_point) is None
    assert read_shape(empty_polygon) is None


@pytest.mark.parametrize(
    ("wkb", "said"),
    [
        (bytes.fromhex(POINT_1_2)[:-1], "cut short"),
        (struct.pack("<BII", 1, 2, 1_000_000), "cut short"),
        (struct.pack("<BII", 1, 7, 4_000_000_000), "cut short"),
        (b"", "cut short"),
        (struct.pack("<BII", 1, 8, 0), "type 8"),
        (struct.pack("<BIdd", 1, 1, float("inf"), 0), "not finite"),
    ],
)
def test_damaged_and_unknown(wkb: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_shape(wkb)
