"""Areas on any body: against closed formulas on spheres, and PROJ's geodesics on ellipsoids."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest
from map_systems import GEOS, MOON, ring_of
from zoomearth.raster.ellipsoid import area_m2, polygons_area_m2


class TestAreas:
    @pytest.mark.parametrize(
        ("crs", "radius_m"), [(MOON, 1_737_400), ("IAU_2015:30100", 1_737_400), ("IAU_2015:49900", 3_396_190)]
    )
    @pytest.mark.parametrize(
        "box",
        [
            (0, 0, 1, 1),
            (10, -20, 100, 50),
            (170, 10, 190, 20),  # past 180° in its own longitudes
            (-190, -5, -175, 5),
            (0, -90, 360, 90),  # all of it
            (-180, -90, 180, 90),
            (-180, 60, 180, 90),  # a cap
            (20, 80, 50, 90),
            (30, 1e-6, 30 + 1e-6, 2e-6),
        ],
    )
    def test_zones_of_spheres(self, crs: str, radius_m: float, box: tuple[float, ...]) -> None:
        west, south, east, north = map(math.radians, box)
        expected = radius_m**2 * (east - west) * (math.sin(north) - math.sin(south))
        assert area_m2(ring_of(*box), crs) == pytest.approx(expected, rel=1e-6)
        assert area_m2(ring_of(*box)[::-1], crs) == pytest.approx(expected, rel=1e-6)  # south up

    def test_the_whole_earth(self) -> None:
        # The surface of WGS 84, as its definition (NIMA TR8350.2, table 3.3) has it.
        assert area_m2(ring_of(-180, -90, 180, 90), "EPSG:4326") == pytest.approx(5.10065621724e14, rel=1e-9)

    @pytest.mark.parametrize("latitude", [-75, -40, 0, 33, 60, 88])
    def test_caps_of_polar_maps_on_a_sphere(self, latitude: float) -> None:
        """A circle of latitude around the pole, on the map of the pole, in 720 corners."""
        radius_m = 1_737_400
        crs = f"+proj=stere +lat_0=90 +R={radius_m}"
        reach = 2 * radius_m * math.tan(math.radians(90 - latitude) / 2)
        turns = np.radians(np.arange(0, 360, 0.5))
        circle = tuple(zip(reach * np.cos(turns), reach * np.sin(turns), strict=True))
        expected = 2 * math.pi * radius_m**2 * (1 - math.sin(math.radians(latitude)))
        assert area_m2(circle, crs) == pytest.approx(expected, rel=1e-4)

    @pytest.mark.parametrize(
        ("crs", "box"),
        [
            ("EPSG:32660", (570585, 5612085, 803115, 5847615)),  # across the antimeridian
            ("EPSG:3857", (19.9e6, 0, 20.2e6, 1e6)),  # past the edge of the map
            ("EPSG:3857", (-1e6, 1e7, 1e6, 2.5e7)),  # beyond 85°
            ("EPSG:3413", (-2e6, -2e6, 2e6, 2e6)),  # the north pole in it
            ("EPSG:3413", (-5e5, 1e3, 5e5, 1e6)),  # the pole just outside
            ("EPSG:3031", (-2e6, -1e6, 5e5, 3e6)),  # the south pole in it
            ("EPSG:2263", (900_000, 150_000, 1_100_000, 300_000)),  # feet
            ("ESRI:102001", (-340_020, 3_560_000, -160_020, 3_740_000)),
            ("ESRI:102001", (-2e6, -1e6, 3e6, 3.5e6)),
            ("EPSG:2056", (2.5e6, 1.1e6, 2.8e6, 1.3e6)),  # false origin, oblique
            (GEOS, (-3e6, -3e6, 3e6, 3e6)),
            ("EPSG:32633", (500_000, 5_300_000, 500_000.3, 5_300_000.2)),
            ("+proj=eqc +a=3396190 +b=3376200 +no_defs", (1e6, 1e6, 2e6, 3e6)),
            ("+proj=stere +lat_0=-90 +a=3396190 +b=3376200", (-1e6, -1e6, 1e6, 5e5)),
        ],
    )
    def test_boxes_on_ellipsoids(self, crs: str, box: tuple[float, ...]) -> None:
        known = pyproj.CRS(crs)
        to_degrees = pyproj.Transformer.from_crs(known, known.geodetic_crs, always_xy=True)
        west, south, east, north = box
        steps = np.arange(4000) / 4000
        forth, none = steps, np.zeros(4000)
        x = west + (east - west) * np.concatenate([forth, none + 1, 1 - forth, none])
        y = south + (north - south) * np.concatenate([none, forth, none + 1, 1 - forth])
        geod = known.get_geod()
        assert geod is not None
        expected = abs(geod.polygon_area_perimeter(*to_degrees.transform(x, y))[0])
        found = area_m2(ring_of(*box), crs)
        assert found == pytest.approx(expected, rel=3e-5)

    def test_grads_are_no_degrees(self) -> None:
        """0.9 of a degree each way: the same box in degrees from Greenwich on the same ellipsoid."""
        same = "+proj=longlat +a=6378249.2 +rf=293.466021293627 +no_defs"
        expected = area_m2(ring_of(0, 45, 0.9, 45.9), same)
        assert area_m2(ring_of(0, 50, 1, 51), "EPSG:4807") == pytest.approx(expected, rel=1e-9)

    def test_a_pole_on_the_edge(self) -> None:
        halves = [area_m2(ring_of(west, -2e6, west + 2e6, 2e6), "EPSG:3413") for west in (-2e6, 0)]
        whole = area_m2(ring_of(-2e6, -2e6, 2e6, 2e6), "EPSG:3413")
        assert sum(half or 0 for half in halves) == pytest.approx(whole, rel=1e-4)

    def test_both_poles_inside(self) -> None:
        """All of a sphere but a cap of 60° about the point where the map ends."""
        radius_m = 6_371_000.0
        turns = np.radians(np.arange(0, 360, 0.5))
        reach = radius_m * math.radians(120)
        circle = tuple(zip(reach * np.cos(turns), reach * np.sin(turns), strict=True))
        expected = 2 * math.pi * radius_m**2 * (1 - math.cos(math.radians(120)))
        crs = f"+proj=aeqd +lat_0=10 +lon_0=20 +R={radius_m}"
        assert area_m2(circle, crs) == pytest.approx(expected, rel=1e-4)

    def test_a_hole_around_the_pole(self) -> None:
        rings = (ring_of(-2e6, -2e6, 2e6, 2e6), ring_of(-1e6, -1e6, 1e6, 1e6))
        whole, hole = (area_m2(ring, "EPSG:3413") for ring in rings)
        assert whole is not None and hole is not None
        assert polygons_area_m2((rings,), "EPSG:3413") == pytest.approx(whole - hole, rel=1e-12)
