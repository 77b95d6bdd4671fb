"""Rasters of many CRSs in one table: each place where PROJ says, cut at 180°, or kept as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyogrio
import pyproj
import pytest
import shapely
from batch_samples import ANSWER, ZOOM, Ended, read_rows, write_jobs, write_raster
from rasterio.transform import from_origin
from zoomearth.batch.moving import moved

Batch = Callable[..., Ended]
Script = Callable[..., str]
# Where each raster of 64 × 64 px lies; the region is view pixels (16, 8) to (32, 24) of each.
RASTERS: dict[str, tuple[str | None, Any]] = {
    "utm": ("EPSG:32633", from_origin(500_000, 5_600_000, 10, 10)),
    "mercator": ("EPSG:3857", from_origin(1_000_000, 6_000_000, 10, 10)),
    "degrees": ("EPSG:4326", from_origin(10, 50, 0.01, 0.01)),
    "across": ("EPSG:32660", from_origin(780_000, 1_000_000, 2000, 2000)),
    "beyond": ("EPSG:4326", from_origin(179.8, 10, 0.01, 0.01)),
    "pacific": ("EPSG:3857", from_origin(20_037_508 - 2400, 0, 100, 100)),
    "pole": ("EPSG:3031", from_origin(-240, 160, 10, 10)),
    "nowhere": (None, from_origin(500_000, 5_600_000, 10, 10)),
    "off": ("EPSG:4326", from_origin(500_000, 5_600_000, 10, 10)),
    "mars": ("+proj=longlat +a=3396190 +b=3376200 +no_defs", from_origin(10, 50, 0.01, 0.01)),
}
LEFT, TOP, RIGHT, BOTTOM = 16, 8, 32, 24


class TestManyCrs:
    @pytest.fixture
    def answers(self, batch: Batch, script: Script, tmp_path: Path) -> Callable[[str], dict[str, Any]]:
        for name, (crs, transform) in RASTERS.items():
            write_raster(tmp_path / f"{name}.tif", crs, transform)
        model = script(ZOOM, ANSWER)
        write_jobs(
            tmp_path / "jobs.csv",
            ({"id": name, "raster": f"{name}.tif", "question": "Red?"} for name in RASTERS),
        )

        def read(crs: str) -> dict[str, Any]:
            call = ("jobs.csv", "--output", "out.gpkg", "--overwrite", "--model", model, "--crs", crs)
            assert batch(*call).status == 0
            assert read_rows(tmp_path / "out.gpkg", "failures") == []
            found: dict[str, Any] = {}
            for table in ("answers", "answers_unreferenced"):
                meta, _, places, columns = pyogrio.raw.read(tmp_path / "out.gpkg", layer=table)
                values = dict(zip(meta["fields"], columns, strict=True))
                for number, place in enumerate(places):
                    crs_of = values["source_crs"][number]
                    found[values["job_id"][number]] = table, crs_of, shapely.from_wkb(place)
            return found

        return read

    @pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:32633"])
    def test_each_region_lies_where_proj_says(
        self, answers: Callable[[str], dict[str, Any]], crs: str
    ) -> None:
        """Points of each region, worked out by PROJ alone: its middle, and just inside of its corners."""
        found = answers(crs)
        assert found.keys() == RASTERS.keys()
        to = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
        for name in ("utm", "mercator", "degrees", "across", "beyond", "pacific"):
            source, transform = RASTERS[name]
            table, told, place = found[name]
            assert (table, told) == ("answers", source)
            assert place.is_valid
            if source == crs or (crs == "EPSG:32633" and name in ("across", "beyond", "pacific")):
                continue  # its own coordinates; or the other side of the world, where that map is no map
            degrees = pyproj.Transformer.from_crs(source, "EPSG:4326", always_xy=True).transform
            for across, down in ((0, 0), (-7.8, -7.8), (7.8, -7.8), (7.8, 7.8), (-7.8, 7.8)):
                column, row = (LEFT + RIGHT) / 2 + across, (TOP + BOTTOM) / 2 + down
                longitude, latitude = degrees(
                    transform.c + column * transform.a, transform.f + row * transform.e
                )
                turned = (longitude + 180) % 360 - 180
                assert place.covers(shapely.Point(*to(turned, latitude))), (name, across, down)

    def test_what_crosses_180_is_cut_there(self, answers: Callable[[str], dict[str, Any]]) -> None:
        found = answers("EPSG:4326")
        for name in ("across", "beyond", "pacific"):
            place = found[name][2]
            west, _, east, _ = place.bounds
            assert (len(place.geoms), west, east) == (2, -180, 180), name
            assert sum(part.bounds[2] - part.bounds[0] for part in place.geoms) < 1, name
        mercator = answers("EPSG:3857")
        for name in ("across", "beyond"):
            parts = mercator[name][2].geoms
            assert len(parts) == 2, name
            assert sum(part.bounds[2] - part.bounds[0] for part in parts) < 100_000, name
        west = 20_037_508 - 2400 + 1600
        assert mercator["pacific"][2].bounds == (west, -2400, west + 1600, -800)  # as its raster lies

    def test_a_pole_is_held(self, answers: Callable[[str], dict[str, Any]]) -> None:
        """The region's middle is (0, 0) of the polar map: all longitudes around the south pole."""
        table, _, place = answers("EPSG:4326")["pole"]
        assert table == "answers"
        assert place.is_valid
        assert place.bounds[0::2] == (-180, 180)
        assert place.bounds[1] == -90
        for longitude in range(-175, 180, 10):
            assert place.covers(shapely.Point(longitude, -89.9999))

    def test_what_has_no_place_there_keeps_its_own(self, answers: Callable[[str], dict[str, Any]]) -> None:
        found = answers("EPSG:4326")
        for name in ("nowhere", "off", "mars"):
            table, source, place = found[name]
            transform = RASTERS[name][1]
            west, east = (transform.c + column * transform.a for column in (LEFT, RIGHT))
            north, south = (transform.f + row * transform.e for row in (TOP, BOTTOM))
            assert table == "answers_unreferenced"
            assert place.bounds == pytest.approx((west, south, east, north)), name
            assert (source is None) == (name == "nowhere")
        assert "3396190" in found["mars"][1]


def test_what_a_projection_folds_has_no_place_there() -> None:
    """Half the world in degrees is a polygon; UTM puts its far end over its near one."""
    world = (((-180.0, 80.0), (100.0, 80.0), (100.0, -80.0), (-180.0, -80.0)),)
    assert moved((world,), "EPSG:4326", "EPSG:32618") is None
    near = (((-76.0, 10.0), (-74.0, 10.0), (-74.0, 8.0), (-76.0, 8.0)),)
    (found,) = moved((near,), "EPSG:4326", "EPSG:32618") or ()
    assert shapely.Polygon(found[0]).is_valid


@pytest.mark.parametrize(
    ("crs", "is_there"), [("EPSG:3031", False), ("EPSG:3413", False), ("EPSG:6933", True)]
)
def test_what_a_projection_throws_out_of_bounds_has_no_place_there(crs: str, is_there: bool) -> None:
    """Half the world; a map of one pole puts the other one infinitely far away, or nearly so."""
    half = (((-180.0, 90.0), (0.0, 90.0), (0.0, -90.0), (-180.0, -90.0)),)
    found = moved((half,), "EPSG:4326", crs)
    assert (found is not None) == is_there
    assert all(abs(x) < 1e8 and abs(y) < 1e8 for polygon in found or () for ring in polygon for x, y in ring)
