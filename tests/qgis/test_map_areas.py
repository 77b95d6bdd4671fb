"""Areas on any body, in square metres: against closed formulas, and what QGIS measures."""

from __future__ import annotations

import math

import pytest
from map_places import CONTEXT, GEOS_EAST, MOON, MOON_M, crs, multi, ring, square_metres
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY

from zoomearth_plugin import outlines


class TestAreas:
    @pytest.mark.parametrize(
        ("text", "radius_m"), [(MOON, MOON_M), ("IAU_2015:30100", MOON_M), ("IAU_2015:49900", 3_396_190)]
    )
    @pytest.mark.parametrize(
        "box",
        [(0, 0, 1, 1), (10, -20, 100, 50), (170, 10, 190, 20), (0, -90, 360, 90), (-180, 60, 180, 90),
         (20, 80, 50, 90)],
    )  # fmt: skip
    def test_zones_of_spheres(self, text, radius_m, box):
        west, south, east, north = map(math.radians, box)
        expected = radius_m**2 * (east - west) * (math.sin(north) - math.sin(south))
        assert outlines.area_m2(multi(*box), crs(text), CONTEXT) == pytest.approx(expected, rel=1e-6)

    def test_the_whole_earth(self):
        # The surface of WGS 84, as its definition (NIMA TR8350.2, table 3.3) has it.
        for text, box in (("EPSG:4326", (-180, -90, 180, 90)), ("EPSG:4326", (0, -90, 360, 90))):
            area = outlines.area_m2(multi(*box), crs(text), CONTEXT)
            assert area == pytest.approx(5.10065621724e14, rel=1e-9)

    @pytest.mark.parametrize(
        ("text", "box"),
        [
            ("EPSG:4326", (0, 0, 60, 50)),
            ("EPSG:32633", (500_000, 5_300_000, 600_000, 5_400_000)),
            ("EPSG:2263", (900_000, 150_000, 1_100_000, 300_000)),  # feet
            ("EPSG:3857", (-1e6, 6e6, 1e6, 9e6)),
            ("EPSG:3413", (-1e6, -2e6, 5e5, -1e6)),
            ("ESRI:102001", (-340_020, 3_560_000, -160_020, 3_740_000)),
            (GEOS_EAST, (-3e6, -3e6, 3e6, 3e6)),
        ],
    )
    def test_as_qgis_measures(self, text, box):
        found = outlines.area_m2(multi(*box), crs(text), CONTEXT)
        assert found == pytest.approx(square_metres(multi(*box), text), rel=1e-4)

    def test_a_cap_on_a_map_of_its_pole(self):
        text = f"+proj=stere +lat_0=-90 +R={MOON_M}"
        reach = 2 * MOON_M * math.tan(math.radians(15))
        circle = [
            QgsPointXY(reach * math.cos(turn / 360 * math.pi), reach * math.sin(turn / 360 * math.pi))
            for turn in range(720)
        ]
        geometry = QgsGeometry.fromMultiPolygonXY([[[*circle, circle[0]]]])
        expected = 2 * math.pi * MOON_M**2 * (1 - math.cos(math.radians(30)))
        assert outlines.area_m2(geometry, crs(text), CONTEXT) == pytest.approx(expected, rel=1e-4)

    def test_a_pixel(self):
        """15 cm far from the origin, to a millionth; on the central meridian UTM's scale is 0.9996."""
        box = (500_000, 5_612_085, 500_000.125, 5_612_085.125)
        expected = 0.125**2 / 0.9996**2
        assert outlines.area_m2(multi(*box), crs("EPSG:32660"), CONTEXT) == pytest.approx(expected, rel=1e-6)

    def test_holes_count_not(self):
        rings = [[QgsPointXY(*place) for place in (*ring(*box), ring(*box)[0])]
                 for box in ((170, 0, 190, 20), (175, 5, 185, 15))]  # fmt: skip
        geometry = QgsGeometry.fromMultiPolygonXY([rings])
        expected = MOON_M**2 * math.radians(20) * math.sin(math.radians(20)) - MOON_M**2 * math.radians(
            10
        ) * (math.sin(math.radians(15)) - math.sin(math.radians(5)))
        assert outlines.area_m2(geometry, crs(MOON), CONTEXT) == pytest.approx(expected, rel=1e-6)

    def test_none_without_a_body(self):
        assert outlines.area_m2(multi(0, 0, 1, 1), QgsCoordinateReferenceSystem(), CONTEXT) is None
