"""Where a map ends: what lies off the Earth is told, has no area, and stays in its own CRS."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
from affine import Affine
from map_systems import GEOS, MARS, MOON, SINUSOIDAL, ring_of
from rasterio.crs import CRS
from zoomearth.answers_file import append_answer
from zoomearth.core.frames import PixelBox, View
from zoomearth.core.types import Answer, AnswerFrame, Query, RasterRequest, Region
from zoomearth.raster.ellipsoid import area_m2
from zoomearth.raster.georeference import OFF_EARTH, corners, ground_sampling_distance_m, is_on_earth
from zoomearth.raster.grid import RasterGrid

OFF = [
    (GEOS, (-5.5e6, -5.5e6, 5.5e6, 5.5e6)),  # the full disk: all corners show the sky
    (GEOS, (3e6, 3e6, 5e6, 5e6)),  # one does
    (GEOS, (-5e6, 1e6, -4e6, 5e6)),
    (GEOS, (5.6e6, 5.6e6, 5.9e6, 5.9e6)),  # nothing but sky
    (SINUSOIDAL, (15e6, 8e6, 16e6, 9e6)),  # PROJ takes it for a place on the other side
    (SINUSOIDAL, (-20.0e6, 0, -19e6, 1e6)),
    ("ESRI:54030", (-17e6, -1e6, 17e6, 1e6)),
    ("ESRI:102001", (-1e7, -1e7, 1e7, 1e7)),  # the gap of the cone
    ("EPSG:4326", (-180, -90.25, 180, 90.25)),
    ("EPSG:4326", (700, 0, 710, 10)),
    (MOON, (10, 80, 20, 95)),
]
ON = [
    (GEOS, (-3e6, -3e6, 3e6, 3e6)),
    (GEOS, (5.0e6, -1e5, 5.4e6, 1e5)),
    (SINUSOIDAL, (-20.0e6, -1e3, -19e6, 1e3)),
    ("EPSG:3857", (-20037508.342789244, -20037508.342789244, 20037508.342789244, 20037508.342789244)),
    ("EPSG:3857", (19.9e6, 0, 20.2e6, 1e6)),
    ("EPSG:3857", (-20.1e6, -1e6, 20.1e6, 1e6)),
    ("EPSG:3857", (0, 2.9e7, 1e6, 3e7)),
    ("EPSG:4326", (-180, -90, 180, 90)),
    ("EPSG:4326", (0, -90, 360, 90)),
    ("EPSG:4326", (170, 10, 190, 20)),
    ("EPSG:3413", (-4e6, -4e6, 4e6, 4e6)),
    ("EPSG:3413", (0, 0, 1e6, 1e6)),  # a corner on the pole
    ("EPSG:32633", (-5e5, 0, 1.5e6, 9e6)),
    ("ESRI:102001", (-3e6, -1e6, 3e6, 3.7e6)),
    ("+proj=ob_tran +o_proj=longlat +o_lat_p=39.25 +o_lon_p=0 +lon_0=18 +ellps=WGS84", (-10, -10, 190, 10)),
    (MOON, (170, -90, 190, 90)),
    ("IAU_2015:49910", (-10.6e6, -5.3e6, 10.6e6, 5.3e6)),
]


def grid_in(crs: str | None, box: tuple[float, ...] = (0, 0, 100, 100)) -> RasterGrid:
    """100 × 100 pixels that fill a box of the map."""
    left, bottom, right, top = box
    transform = Affine((right - left) / 100, 0, left, 0, (bottom - top) / 100, top)
    return RasterGrid(100, 100, transform, CRS.from_user_input(crs) if crs else None, True)


class TestEdgeOfTheEarth:
    @pytest.mark.parametrize(("crs", "box"), OFF)
    def test_partly_off(self, crs: str, box: tuple[float, ...]) -> None:
        grid = grid_in(crs, box)
        assert not is_on_earth(((ring_of(*box),),), grid)
        assert area_m2(ring_of(*box), str(grid.crs_text)) is None
        assert corners(grid.extent, grid)[0] == pytest.approx((box[0], box[3]))  # its place on the map stays

    @pytest.mark.parametrize(("crs", "box"), ON)
    def test_on(self, crs: str, box: tuple[float, ...]) -> None:
        grid = grid_in(crs, box)
        assert is_on_earth(((ring_of(*box),),), grid)
        area = area_m2(ring_of(*box), str(grid.crs_text))
        assert area is not None and area > 0

    def test_without_a_crs_nothing_is_known(self) -> None:
        assert is_on_earth(((ring_of(-1e9, -1e9, 1e9, 1e9),),), grid_in(None))

    def test_one_ring_is_enough(self) -> None:
        inside, outside = ring_of(-1e6, -1e6, 1e6, 1e6), ring_of(3e6, 3e6, 5e6, 5e6)
        assert not is_on_earth(((inside,), (outside,)), grid_in(GEOS))

    @pytest.mark.parametrize(
        ("crs", "box"),
        [
            (GEOS, (4.5e6, 4.5e6, 5.5e6, 5.5e6)),
            (SINUSOIDAL, (15e6, 8e6, 16e6, 9e6)),
            ("EPSG:4326", (0, 95, 10, 99)),
        ],
    )
    def test_no_distance_in_the_sky(self, crs: str, box: tuple[float, ...]) -> None:
        grid = grid_in(crs, box)
        assert ground_sampling_distance_m(View(grid.extent, (50, 50)), grid) is None

    def test_distance_under_a_satellite(self) -> None:
        """Straight below, a radian at the satellite's height is that many metres on the ground."""
        grid = grid_in(GEOS, (-5.5e6, -5.5e6, 5.5e6, 5.5e6))
        found = ground_sampling_distance_m(View(PixelBox(49.5, 49.5, 50.5, 50.5), (1, 1)), grid)
        assert found == pytest.approx(110_000, rel=0.01)

    @pytest.mark.parametrize("crs", ["EPSG:3413", "EPSG:3031", "+proj=stere +lat_0=90 +R=1737400"])
    def test_distance_over_a_pole(self, crs: str) -> None:
        """The lengths of the map there over PROJ's own scale."""
        grid = grid_in(crs, (-5e4, -5e4, 5e4, 5e4))
        known = pyproj.Proj(crs)
        scale = known.get_factors(0, -89.9999 if "3031" in crs else 89.9999).meridional_scale
        found = ground_sampling_distance_m(View(grid.extent, (50, 50)), grid)
        assert found == pytest.approx(2000 / scale, rel=1e-4)


def answer_at(ring: tuple[tuple[float, float], ...], crs: str) -> Answer:
    box = PixelBox(0, 0, 100, 100)
    return Answer(
        text="red",
        regions=(Region("cloud", box, ring),),
        steps=(),
        searched_box=box,
        searched_polygons=((ring,),),
        frame=AnswerFrame.CRS,
        crs=crs,
        seen_gsd_m=None,
        model="m",
        revision="r",
        seconds=1.0,
        warnings=(OFF_EARTH,),
    )


@pytest.mark.parametrize(("crs", "box"), [*OFF[:5], ("IAU_2015:30100", (10, 80, 20, 95))])
def test_what_lies_off_the_earth_is_written_in_its_own_crs(
    tmp_path: Path, crs: str, box: tuple[float, ...]
) -> None:
    """Twice: a CRS without a code has to be known again."""
    path = tmp_path / "answers.gpkg"
    text = str(grid_in(crs, box).crs_text)
    query = Query("What?", RasterRequest("scene.tif"))
    for _ in range(2):
        append_answer(path, answer_at(ring_of(*box), text), query, datetime.now(timezone.utc))
    info = pyogrio.read_info(path, layer="answers")
    assert tuple(info["total_bounds"]) == box
    assert CRS.from_user_input(info["crs"]) == CRS.from_user_input(text)
    _, _, _, columns = pyogrio.raw.read(path, layer="answers", columns=["area_m2", "seen_gsd_m", "warnings"])
    assert np.isnan(columns[0]).tolist() == np.isnan(columns[1]).tolist() == [True, True]
    assert columns[2].tolist() == [OFF_EARTH] * 2


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        ("EPSG:4326", (170, 10, 190, 20)),
        ("EPSG:32660", (820_000, 20_000, 850_000, 40_000)),
        (MARS, (0, 0, 1, 1)),
    ],
)
def test_what_lies_on_it_has_an_area_in_the_file(tmp_path: Path, crs: str, box: tuple[float, ...]) -> None:
    """In the raster's own CRS nothing is moved, split or wrapped."""
    path = tmp_path / "answers.gpkg"
    text = str(grid_in(crs).crs_text)
    query = Query("What?", RasterRequest("scene.tif"))
    append_answer(path, answer_at(ring_of(*box), text), query, datetime.now(timezone.utc))
    assert tuple(pyogrio.read_info(path, layer="answers")["total_bounds"]) == box
    _, _, _, columns = pyogrio.raw.read(path, layer="answers", columns=["area_m2"])
    known = pyproj.CRS(crs)
    geod = known.get_geod()
    assert geod is not None
    west, south, east, north = box
    steps = np.linspace(0, 1, 500, endpoint=False)
    x = west + (east - west) * np.concatenate([steps, steps * 0 + 1, 1 - steps, steps * 0])
    y = south + (north - south) * np.concatenate([steps * 0, steps, steps * 0 + 1, 1 - steps])
    degrees = pyproj.Transformer.from_crs(known, known.geodetic_crs, always_xy=True).transform(x, y)
    assert columns[0].tolist() == [pytest.approx(abs(geod.polygon_area_perimeter(*degrees)[0]), rel=1e-5)]
