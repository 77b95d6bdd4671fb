"""Regions anywhere, on the map: across 180°, over a pole, partly in the sky, on another planet."""

from __future__ import annotations

import math
import subprocess

import pytest
from map_places import CONTEXT, GEOS_EAST, MOON, MOON_M, crs, multi, ring, square_metres
from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsFillSymbol,
    QgsGeometry,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsPointXY,
    QgsRasterLayer,
    QgsRectangle,
    QgsSingleSymbolRenderer,
)
from qgis.PyQt.QtCore import NULL, QSize, Qt
from qgis.PyQt.QtGui import QColor
from qgis_samples import answer_of

from zoomearth_plugin import outlines
from zoomearth_plugin.layers import Place

GEOS_WEST = "+proj=geos +h=35785831 +lon_0=-137 +sweep=x +datum=WGS84"
SINUSOIDAL = "+proj=sinu +R=6371007.181 +units=m +no_defs"
MARS = "+proj=longlat +a=3396190 +b=3376200 +no_defs"
OFF_EARTH = "off_earth: A part of the place lies off the Earth."
# Of UTM 60N, whose column 400 lies at 180° here: the georeference of a file across the antimeridian.
DATELINE = (580000.0, 300.0, 0.0, 5840000.0, 0.0, -300.0)
ACROSS = (680000.0, 5640000.0, 760000.0, 5800000.0)  # 178.0… to 180.9… degrees, 51° to 52° north


def parts(geometry):
    """(left, bottom, right, top) of each part, from the west."""
    boxes = [part.boundingBox() for part in geometry.asGeometryCollection()]
    return sorted((box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()) for box in boxes)


def gdal_transform(points, source, target):
    run = subprocess.run(
        ["gdaltransform", "-output_xy", "-s_srs", source, "-t_srs", target],
        input="".join(f"{point.x()!r} {point.y()!r}\n" for point in points),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [tuple(map(float, line.split())) for line in run.stdout.splitlines()]


@pytest.fixture
def ask_at(ask, make_layer, project):
    """Asks about a raster in a CRS, in a project of another; gives the layer and the one feature."""

    def run(
        text, box, project_crs, geotransform=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0), name="scene.tif", **changes
    ):
        project.setCrs(crs(project_crs))
        layer = make_layer(name, epsg=None, geotransform=geotransform)
        layer.setCrs(crs(text))
        return ask(layer, answer_of(ring(*box), crs=crs(text).toWkt(), **changes))[0]

    return run


def covered_by(layer, canvas_crs, extent):
    """Upper-left corners of the pixels, of a map of 720 × 360, that a layer covers, and their side."""
    fill = QgsFillSymbol.createSimple({"color": "red", "outline_style": "no"})
    layer.setRenderer(QgsSingleSymbolRenderer(fill))
    layer.setLabelsEnabled(False)
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(crs(canvas_crs))
    settings.setOutputSize(QSize(720, 360))
    settings.setExtent(QgsRectangle(*extent))
    settings.setBackgroundColor(QColor(Qt.GlobalColor.transparent))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    covered = [
        (column, row)
        for row in range(image.height())
        for column in range(image.width())
        if image.pixelColor(column, row).alpha() > 30
    ]
    shown, unit = settings.visibleExtent(), settings.mapUnitsPerPixel()
    return [
        (shown.xMinimum() + column * unit, shown.yMaximum() - row * unit) for column, row in covered
    ], unit


class TestAntimeridian:
    def test_in_degrees_it_is_cut_there(self, ask_at):
        made, feature = ask_at("EPSG:32660", ACROSS, "EPSG:4326", DATELINE)
        assert made.crs().authid() == "EPSG:4326"
        west, east = parts(feature.geometry())
        assert (west[0], east[2]) == (-180.0, 180.0)
        assert west[2] < -178.9 and east[0] > 177 and feature.geometry().isGeosValid()

    @pytest.mark.parametrize("target", ["EPSG:4326", "EPSG:3857", "EPSG:3832", "EPSG:32660", "ESRI:54030"])
    def test_every_position_comes_from_the_region(self, ask_at, target):
        """Back to the raster's CRS by GDAL's own command: on its edge, or on the cut through its middle."""
        made, feature = ask_at("EPSG:32660", ACROSS, target, DATELINE)
        geometry = feature.geometry()
        back = gdal_transform([QgsPointXY(vertex) for vertex in geometry.vertices()], target, "EPSG:32660")
        region = QgsGeometry.fromRect(QgsRectangle(*ACROSS))
        assert all(region.distance(QgsGeometry.fromPointXY(QgsPointXY(*place))) < 1.0 for place in back)
        assert made.crs().authid() == target
        expected = 1 if target in ("EPSG:3832", "EPSG:32660") else 2
        assert len(geometry.asGeometryCollection()) == expected

    @pytest.mark.parametrize("target", ["EPSG:4326", "EPSG:3857", "EPSG:3832", "EPSG:32660", "ESRI:54030"])
    def test_nothing_is_lost_or_spans_the_world(self, ask_at, target):
        _, feature = ask_at("EPSG:32660", ACROSS, target, DATELINE)
        whole = square_metres(multi(*ACROSS), "EPSG:32660")
        pieces = feature.geometry().asGeometryCollection()
        assert sum(square_metres(piece, target) for piece in pieces) == pytest.approx(whole, rel=1e-3)
        assert feature["area_m2"] == pytest.approx(whole, rel=1e-5)
        widest = max(piece.boundingBox().width() for piece in pieces)
        assert widest < (3 if target == "EPSG:4326" else 300_000)

    @pytest.mark.parametrize(
        ("canvas", "extent"),
        [
            ("EPSG:4326", (-180, -90, 180, 90)),
            ("EPSG:3857", (-20037508, -10018754, 20037508, 10018754)),
            ("EPSG:32660", (300_000, 5_540_000, 1_020_000, 5_900_000)),
        ],
    )
    @pytest.mark.parametrize("target", ["EPSG:4326", "EPSG:3857", "canvas"])
    def test_on_the_canvas(self, ask_at, target, canvas, extent):
        """Asked in a project in degrees, in Web Mercator, or in the CRS that it is drawn in."""
        target = canvas if target == "canvas" else target
        made, _ = ask_at("EPSG:32660", ACROSS, target, DATELINE)
        covered, unit = covered_by(made, canvas, extent)
        to_utm = QgsCoordinateTransform(crs(canvas), crs("EPSG:32660"), CONTEXT)
        region = QgsGeometry.fromRect(QgsRectangle(*ACROSS))
        centers = [to_utm.transform(QgsPointXY(x + unit / 2, y - unit / 2)) for x, y in covered]
        pixel_m = {"EPSG:4326": 111_000, "EPSG:3857": 0.62, "EPSG:32660": 1.0}[canvas] * unit
        far = [region.distance(QgsGeometry.fromPointXY(center)) for center in centers]
        assert max(far) < 3 * pixel_m
        assert len(covered) >= 0.8 * region.area() / pixel_m**2

    @pytest.mark.real_data
    @pytest.mark.parametrize(
        ("target", "edge"), [("EPSG:4326", 180.0), ("EPSG:3857", 20037508.342789244), ("EPSG:32660", None)]
    )
    def test_a_real_one(self, ask, project, real_data, target, edge):
        """Columns 1,100 to 1,700 of a file of 2,325 pixels of 100 m, of which some 1,400 lie west of 180°."""
        project.setCrs(crs(target))
        layer = QgsRasterLayer(str(real_data / "rasters" / "cog_dateline.tif"), "dateline")
        extent = layer.extent()
        unit = layer.rasterUnitsPerPixelX()
        left, top = extent.xMinimum() + 1100 * unit, extent.yMaximum() - 800 * unit
        box = (left, top - 700 * unit, left + 600 * unit, top)
        _, feature = ask(layer, answer_of(ring(*box), crs="EPSG:32660"))[0]
        pieces = feature.geometry().asGeometryCollection()
        whole = square_metres(multi(*box), "EPSG:32660")
        assert sum(square_metres(piece, target) for piece in pieces) == pytest.approx(whole, rel=1e-3)
        if edge is None:
            assert parts(feature.geometry()) == [pytest.approx(box)]
        else:
            west, east = parts(feature.geometry())
            assert (west[0], east[2]) == pytest.approx((-edge, edge), abs=1e-3)
            assert east[0] - west[2] > 1.9 * edge  # no piece reaches into the middle of the world

    def test_a_map_that_is_cut_elsewhere(self):
        """The map around 150° E ends at 30° W; a region there is cut there, and whole at 180°."""
        made = outlines.reproject(multi(-31, 10, -28, 20), crs("EPSG:4326"), crs("EPSG:3832"), CONTEXT)
        west, east = parts(made)
        assert west[0] == pytest.approx(-20037508.34, abs=0.1)
        assert east[2] == pytest.approx(20037508.34, abs=0.1)
        # 2 and 1 degrees of the equator's 111,319.49 m.
        assert [round(part[2] - part[0]) for part in (west, east)] == [222639, 111319]

    def test_a_map_around_the_pole_is_not_cut(self):
        made = outlines.reproject(multi(170, 60, 190, 70), crs("EPSG:4326"), crs("EPSG:3413"), CONTEXT)
        assert len(made.asGeometryCollection()) == 1 and made.isGeosValid()

    @pytest.mark.parametrize("box", [(150, 10, 170, 20), (190, 10, 200, 20), (170, 10, 190, 20)])
    def test_longitudes_beyond_180_stay_where_qgis_draws_the_raster(self, ask_at, box):
        made, feature = ask_at("EPSG:4326", box, "EPSG:4326", (0.0, 0.9, 0.0, 90.0, 0.0, -0.6))
        assert parts(feature.geometry()) == [box]
        assert made.crs().authid() == "EPSG:4326"
        assert feature["area_m2"] == pytest.approx(square_metres(multi(*box), "EPSG:4326"), rel=1e-4)

    @pytest.mark.parametrize(
        ("box", "expected"),
        [
            ((150, 10, 170, 20), [(150, 170)]),
            ((190, 10, 200, 20), [(-170, -160)]),
            ((170, 10, 190, 20), [(-180, -170), (170, 180)]),
            ((-190, 10, -170, 20), [(-180, -170), (170, 180)]),
            ((180, 10, 190, 20), [(-180, -170)]),
            ((170, 10, 180, 20), [(170, 180)]),
            ((0, 10, 360, 20), [(-180, 180)]),
            ((-180, 10, 180, 20), [(-180, 180)]),
            ((20, 10, 350, 20), [(-180, -10), (20, 180)]),
        ],
    )
    @pytest.mark.parametrize(("target", "degree"), [("EPSG:4269", 1.0), ("EPSG:3857", 111319.49079327358)])
    def test_longitudes_beyond_180_in_another_crs(self, box, expected, target, degree):
        made = outlines.reproject(multi(*box), crs("EPSG:4326"), crs(target), CONTEXT)
        found = [(part[0] / degree, part[2] / degree) for part in parts(made)]
        assert found == [pytest.approx(sides, abs=1e-6) for sides in expected]
        assert made.isGeosValid()

    def test_holes_are_kept(self):
        """A square of 20° across 180° with a hole of 10° across it."""
        outer, hole = ([QgsPointXY(x, y) for x, y in (*ring(*box), ring(*box)[0])]
                       for box in ((170, -10, 190, 10), (175, -5, 185, 5)))  # fmt: skip
        geometry = QgsGeometry.fromMultiPolygonXY([[outer, hole]])
        made = outlines.reproject(geometry, crs("EPSG:4326"), crs("EPSG:4269"), CONTEXT)
        assert made.area() == pytest.approx(300, rel=1e-9)
        assert not made.contains(QgsGeometry.fromPointXY(QgsPointXY(179, 0)))
        assert made.contains(QgsGeometry.fromPointXY(QgsPointXY(-173, 0)))

    def test_flying_there(self, ask_at, answers):
        """On a map in degrees to the larger part, as there is no view of both; in UTM to all of it."""
        made, feature = ask_at("EPSG:32660", ACROSS, "EPSG:4326", DATELINE)
        places = [Place(made.id(), feature.id())]
        widest = max(parts(feature.geometry()), key=lambda part: part[2] - part[0])
        shown = answers.extent(places, crs("EPSG:4326"))
        assert (shown.xMinimum(), shown.xMaximum()) == pytest.approx((widest[0], widest[2]))
        shown = answers.extent(places, crs("EPSG:32660"))
        assert 80_000 <= shown.width() < 100_000 and shown.contains(QgsRectangle(*ACROSS).center())


class TestPoles:
    @pytest.mark.parametrize(("text", "side"), [("EPSG:3413", 1), ("EPSG:3031", -1)])
    def test_in_degrees_it_reaches_up_to_the_pole(self, ask_at, text, side):
        geotransform = (-2e6, 1e4, 0.0, 1.5e6, 0.0, -1e4)
        made, feature = ask_at(text, (-1e6, -8e5, 7e5, 1e6), "EPSG:4326", geotransform)
        geometry = feature.geometry()
        assert made.crs().authid() == "EPSG:4326" and geometry.isGeosValid()
        for longitude in range(-179, 180, 7):
            assert geometry.contains(QgsGeometry.fromPointXY(QgsPointXY(longitude, side * 89.5)))
            assert not geometry.contains(QgsGeometry.fromPointXY(QgsPointXY(longitude, side * 75.0)))
        expected = square_metres(multi(-1e6, -8e5, 7e5, 1e6), text)
        assert feature["area_m2"] == pytest.approx(expected, rel=1e-4)

    def test_where_a_pole_has_no_place_it_stays(self, ask_at):
        geotransform = (-2e6, 1e4, 0.0, 1.5e6, 0.0, -1e4)
        box = (-1e6, -8e5, 7e5, 1e6)
        made, feature = ask_at("EPSG:3413", box, "EPSG:3857", geotransform)
        assert made.crs().authid() == "EPSG:3413"
        assert feature.geometry().boundingBox() == QgsRectangle(*box)
        assert feature["warnings"] == "own_crs: The place stays in EPSG:3413, as it has none in EPSG:3857."
        assert feature["area_m2"] > 0

    def test_on_another_map_around_it(self):
        made = outlines.reproject(multi(-1e6, -8e5, 7e5, 1e6), crs("EPSG:3413"), crs("EPSG:3995"), CONTEXT)
        assert made.contains(QgsGeometry.fromPointXY(QgsPointXY(0, 0)))
        assert len(made.asGeometryCollection()) == 1

    def test_mercator_beyond_85(self, ask_at):
        """Up to 89° north its map is far, and its own."""
        made, feature = ask_at("EPSG:4326", (10, 86, 20, 89), "EPSG:3857", (0.0, 0.1, 0.0, 90.0, 0.0, -0.1))
        assert made.crs().authid() == "EPSG:3857"
        top = 6378137 * math.asinh(math.tan(math.radians(89)))
        assert parts(feature.geometry())[0][3] == pytest.approx(top, rel=1e-9)

    @pytest.mark.parametrize("text", ["EPSG:3031", "EPSG:3413"])
    def test_a_map_of_one_has_no_place_for_the_other(self, text):
        """It would be 4e23 metres away, and the region cover everything."""
        with pytest.raises(QgsCsException, match="off the edge"):
            outlines.reproject(multi(-180, -90, 180, 90), crs("EPSG:4326"), crs(text), CONTEXT)

    def test_two_poles_are_too_many(self):
        with pytest.raises(QgsCsException, match="poles"):
            outlines.reproject(multi(-5e6, -1.2e7, 5e6, 1.2e7), crs("ESRI:54032"), crs("EPSG:4326"), CONTEXT)
        assert outlines.area_m2(multi(-5e6, -1.2e7, 5e6, 1.2e7), crs("ESRI:54032"), CONTEXT) is None


class TestOffTheEarth:
    DISK = (-5.5e6, -5.5e6, 5.5e6, 5.5e6)
    PIXELS = (-5.5e6, 27500.0, 0.0, 5.5e6, 0.0, -36000.0)

    @pytest.mark.parametrize("target", ["EPSG:4326", "EPSG:3857", "EPSG:32618"])
    @pytest.mark.parametrize("box", [DISK, (3e6, 3e6, 5e6, 5e6), (5.6e6, 5.6e6, 5.9e6, 5.9e6)])
    @pytest.mark.parametrize("is_told", [True, False])
    def test_it_stays_in_the_raster_s_crs(self, ask_at, target, box, is_told):
        changes = {"warnings": (OFF_EARTH,)} if is_told else {}
        made, feature = ask_at(GEOS_EAST, box, target, self.PIXELS, **changes)
        assert "+proj=geos" in made.crs().toProj() and "+sweep=x" in made.crs().toProj()
        assert feature.geometry().boundingBox() == QgsRectangle(*box)
        assert feature["area_m2"] == NULL
        if is_told:
            assert feature["warnings"] == OFF_EARTH
        else:
            assert feature["warnings"].startswith("own_crs: ")
            assert target in feature["warnings"]

    def test_on_the_disk_it_moves(self, ask_at):
        made, feature = ask_at(GEOS_EAST, (-1e6, -1e6, 1e6, 1e6), "EPSG:4326", self.PIXELS)
        assert made.crs().authid() == "EPSG:4326"
        corner = gdal_transform([QgsPointXY(1e6, 1e6)], GEOS_EAST, "EPSG:4326")[0]
        assert parts(feature.geometry())[0][2:] == pytest.approx(corner, abs=0.1)
        assert feature["warnings"] == NULL
        assert feature["area_m2"] == pytest.approx(square_metres(feature.geometry(), "EPSG:4326"), rel=1e-3)

    def test_two_satellites_have_a_table_each(self, ask_at, answers):
        for text, name in ((GEOS_EAST, "e.tif"), (GEOS_WEST, "w.tif"), (GEOS_EAST, "e2.tif")):
            ask_at(text, self.DISK, "EPSG:4326", self.PIXELS, name=name)
        assert sorted(layer.featureCount() for layer in answers.layers()) == [1, 2]
        found = sorted(layer.crs().toProj().split("+lon_0=")[1].split()[0] for layer in answers.layers())
        assert found == ["-137", "-75"]

    def test_what_proj_would_take_for_another_place(self, ask_at):
        """Beside a sinusoidal map PROJ finds places on the other side of the Earth: the engine tells."""
        box = (15e6, 8e6, 16e6, 9e6)
        made, feature = ask_at(SINUSOIDAL, box, "EPSG:4326", warnings=(OFF_EARTH,))
        assert "+proj=sinu" in made.crs().toProj()
        assert (feature["area_m2"], feature.geometry().boundingBox()) == (NULL, QgsRectangle(*box))


class TestOtherBodies:
    @pytest.mark.parametrize("text", [MOON, "IAU_2015:30100", "+proj=eqc +R=1737400 +no_defs", MARS])
    @pytest.mark.parametrize("target", ["EPSG:4326", "EPSG:3857", "EPSG:32633"])
    def test_not_on_the_earth(self, ask_at, text, target):
        made, feature = ask_at(text, (11, 18, 12, 19), target, (10.0, 0.01, 0.0, 20.0, 0.0, -0.01))
        assert feature.geometry().boundingBox() == QgsRectangle(11, 18, 12, 19)
        assert made.crs().authid() != target and made.crs().isValid()
        assert feature["warnings"].startswith("own_crs: ") and target in feature["warnings"]
        assert feature["area_m2"] > 0

    @pytest.mark.parametrize(("source", "target"), [(MOON, MARS), (MARS, MOON), ("EPSG:4326", MOON)])
    def test_nor_on_each_other(self, source, target):
        """PROJ takes any two without names for one."""
        with pytest.raises(QgsCsException, match="no way"):
            outlines.reproject(multi(11, 18, 12, 19), crs(source), crs(target), CONTEXT)

    def test_a_table_of_another_planet_is_found_again(self, ask_at, answers, project):
        """GDAL before 3.7 does not know the codes of other planets in a GeoPackage."""
        moon = ("IAU_2015:30100", (11, 18, 12, 19), "IAU_2015:30100", (10.0, 0.01, 0.0, 20.0, 0.0, -0.01))
        made, _ = ask_at(*moon)
        project.removeMapLayer(made.id())
        made, feature = ask_at(*moon, name="again.tif")
        assert (made.featureCount(), made.crs().authid()) == (2, "IAU_2015:30100")
        assert feature["warnings"] == NULL and len(answers.layers()) == 1

    def test_on_the_same_body(self):
        target = "+proj=eqc +R=1737400 +no_defs"
        made = outlines.reproject(multi(170, 0, 190, 1), crs(MOON), crs(target), CONTEXT)
        degree = MOON_M * math.pi / 180
        found = [tuple(side / degree for side in part) for part in parts(made)]
        assert found == [pytest.approx((-180, 0, -170, 1)), pytest.approx((170, 0, 180, 1))]
