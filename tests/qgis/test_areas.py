"""Shapes on the map become an area of a raster."""

from __future__ import annotations

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

from zoomearth_plugin import areas, sources
from zoomearth_plugin.zoomearth.core.errors import AreaOutsideError, AreaRequiredError

UTM33 = QgsCoordinateReferenceSystem("EPSG:32633")
WGS84 = QgsCoordinateReferenceSystem("EPSG:4326")
MERCATOR = QgsCoordinateReferenceSystem("EPSG:3857")


def _ring(area):
    """The ring of an area that is one polygon without holes."""
    ((ring,),) = area.polygons
    return ring


def _bounds(ring):
    columns, rows = zip(*ring)
    return min(columns), min(rows), max(columns), max(rows)


def _selected_polygons(*wkts):
    """A layer whose features, all selected, are these."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633", "polygons", "memory")
    made = []
    for wkt in wkts:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        made.append(feature)
    layer.dataProvider().addFeatures(made)
    layer.selectAll()
    return layer


class TestArea:
    def test_same_crs_is_taken_as_it_is(self, layer):
        area = areas.area_of_rectangle(QgsRectangle(500500, 5598000, 501500, 5599000), UTM33, layer)
        assert _bounds(_ring(area)) == (500500, 5598000, 501500, 5599000)

    def test_other_crs_follows_the_bent_edge(self, make_layer):
        # One degree of the parallel 50° N in UTM zone 33 bows by about 0.5 · R · cos·sin·(0.5°)² = 119 m
        # between its ends and its middle on the central meridian; without densifying it would be lost.
        layer = make_layer(size=(4000, 4000), geotransform=(400000.0, 50.0, 0.0, 5650000.0, 0.0, -50.0))
        area = areas.area_of_rectangle(QgsRectangle(14.5, 50.0, 15.5, 50.5), WGS84, layer)
        southern = min(y for _, y in _ring(area))
        ends = sorted(y for x, y in _ring(area) if abs(x - 500000) > 35700)[0]
        assert ends - southern == pytest.approx(119, abs=15)

    def test_canvas_of_the_whole_world(self, layer):
        area = areas.area_of_rectangle(QgsRectangle(-2e7, -2e7, 2e7, 2e7), MERCATOR, layer)
        assert _bounds(_ring(area)) == pytest.approx((500000, 5597000, 504000, 5600000), abs=1)

    def test_small_canvas_on_a_raster_of_the_whole_world(self, make_layer):
        world = make_layer(size=(360, 180), epsg=4326, geotransform=(-180.0, 1.0, 0.0, 90.0, 0.0, -1.0))
        area = areas.area_of_rectangle(QgsRectangle(499000, 5500000, 501000, 5502000), UTM33, world)
        west, south, east, north = _bounds(_ring(area))
        assert (west, east) == (pytest.approx(14.986, abs=0.001), pytest.approx(15.014, abs=0.001))
        assert (south, north) == (pytest.approx(49.65, abs=0.01), pytest.approx(49.67, abs=0.01))

    def test_disjoint(self, layer):
        with pytest.raises(AreaOutsideError):
            areas.area_of_rectangle(QgsRectangle(0, 0, 10, 10), UTM33, layer)

    def test_touching_is_outside(self, layer):
        with pytest.raises(AreaOutsideError):
            areas.area_of_rectangle(QgsRectangle(499000, 5598000, 500000, 5599000), UTM33, layer)

    def test_file_without_geotransform_gives_pixels(self, make_layer):
        plain = make_layer(epsg=None, geotransform=None)
        assert sources.ask_context(plain).draws_pixels
        # QGIS draws column 10 at x = 10 and row 40 at y = -40.
        area = areas.area_of_rectangle(QgsRectangle(10, -90, 60, -40), UTM33, plain)
        assert _bounds(_ring(area)) == (10, 40, 60, 90)

    def test_file_without_crs_keeps_its_own_coordinates(self, make_layer):
        own = make_layer(epsg=None)
        own.setCrs(QgsCoordinateReferenceSystem())
        assert not sources.ask_context(own).draws_pixels
        area = areas.area_of_rectangle(QgsRectangle(500500, 5598000, 501500, 5599000), WGS84, own)
        assert _bounds(_ring(area)) == (500500, 5598000, 501500, 5599000)

    def test_selected_features(self, layer):
        points = QgsVectorLayer("Point?crs=EPSG:32633", "points", "memory")
        made = []
        for x, y in ((501000, 5599000), (502000, 5598500), (999999, 0)):
            feature = QgsFeature()
            feature.setGeometry(QgsGeometry.fromWkt(f"POINT({x} {y})"))
            made.append(feature)
        points.dataProvider().addFeatures(made)
        points.selectByIds([1, 2])
        area = areas.area_of_selection(points, layer)
        # The line between both points, one pixel of 10 m about it.
        assert _bounds(_ring(area)) == pytest.approx((500990, 5598490, 502010, 5599010), abs=5)

    def test_selected_polygons_are_taken_as_they_are(self, layer):
        """A square with a hole, one that overlaps it, and one beyond the raster's west at 500000."""
        drawn = _selected_polygons(
            "POLYGON((501000 5598000,502000 5598000,502000 5599000,501000 5599000,501000 5598000),"
            "(501400 5598400,501400 5598600,501600 5598600,501600 5598400,501400 5598400))",
            "POLYGON((501800 5598000,502500 5598000,502500 5599000,501800 5599000,501800 5598000))",
            "POLYGON((499000 5597200,500300 5597200,500300 5597400,499000 5597400,499000 5597200))",
        )
        area = areas.area_of_selection(drawn, layer)
        outer = sorted(_bounds(polygon[0]) for polygon in area.polygons)
        assert outer == [(500000, 5597200, 500300, 5597400), (501000, 5598000, 502500, 5599000)]
        assert [_bounds(hole) for polygon in area.polygons for hole in polygon[1:]] == [
            (501400, 5598400, 501600, 5598600)
        ]

    def test_an_edge_that_crosses_itself_is_mended(self, layer):
        bow = QgsGeometry.fromWkt(
            "POLYGON((501000 5598000,502000 5599000,502000 5598000,501000 5599000,501000 5598000))"
        )
        area = areas.area_of_geometry(bow, UTM33, layer)
        assert sorted(_bounds(polygon[0]) for polygon in area.polygons) == [
            (501000, 5598000, 501500, 5599000), (501500, 5598000, 502000, 5599000)
        ]  # fmt: skip

    def test_one_invalid_feature_does_not_void_the_others(self, layer):
        drawn = _selected_polygons(
            "POLYGON((501000 5598000,502000 5599000,502000 5598000,501000 5599000,501000 5598000))",
            "POLYGON((501500 5598000,502500 5598000,502500 5599000,501500 5599000,501500 5598000))",
        )
        area = areas.area_of_selection(drawn, layer)
        sides = zip(*(_bounds(polygon[0]) for polygon in area.polygons))
        lows, tops, highs, bottoms = sides
        assert (min(lows), min(tops), max(highs), max(bottoms)) == (501000, 5598000, 502500, 5599000)

    def test_a_coast_of_many_corners_is_simplified(self, layer):
        circle = QgsGeometry.fromWkt("POINT(502000 5598500)").buffer(900, 5000)
        area = areas.area_of_geometry(circle, UTM33, layer)
        assert len(_ring(area)) < 1000  # pixels of 10 m, so corners may be off by 2.5 m
        assert _bounds(_ring(area)) == pytest.approx((501100, 5597600, 502900, 5599400), abs=2.5)

    def test_nothing_selected(self, layer):
        with pytest.raises(AreaOutsideError) as caught:
            areas.area_of_selection(QgsVectorLayer("Point?crs=EPSG:32633", "p", "memory"), layer)
        assert "Select" in caught.value.hint


class TestEachFeature:
    INSIDE = "POLYGON((501000 5598000,502000 5598000,502000 5599000,501000 5599000,501000 5598000))"
    OUTSIDE = "POLYGON((1000 1000,2000 1000,2000 2000,1000 2000,1000 1000))"

    def test_each_has_an_area_and_a_name(self, layer):
        features = _selected_polygons(self.INSIDE, self.OUTSIDE, self.INSIDE.replace("501000", "501500"))
        features.removeSelection()
        found = areas.areas_of_features(features, layer)
        assert [place.name for place in found] == ["polygons 1", "polygons 3"]
        assert [_bounds(_ring(place.area))[0] for place in found] == [501000, 501500]

    def test_only_the_selected_ones(self, layer):
        features = _selected_polygons(self.INSIDE, self.INSIDE)
        features.selectByIds([2])
        assert [place.name for place in areas.areas_of_features(features, layer)] == ["polygons 2"]

    def test_all_outside(self, layer):
        with pytest.raises(AreaOutsideError):
            areas.areas_of_features(_selected_polygons(self.OUTSIDE), layer)

    def test_too_many(self, layer):
        features = _selected_polygons(*[self.INSIDE] * (areas.MOST_FEATURES + 1))
        features.removeSelection()
        with pytest.raises(AreaRequiredError) as caught:
            areas.areas_of_features(features, layer)
        assert str(areas.MOST_FEATURES) in caught.value.hint
        features.selectByIds([1])
        assert len(areas.areas_of_features(features, layer)) == 1

    def test_no_layer(self, layer):
        with pytest.raises(AreaRequiredError):
            areas.areas_of_features(None, layer)


class TestAcross180:
    @pytest.fixture
    def web_map(self, qgis_app):
        uri = "type=xyz&url=http://127.0.0.1:1/%7Bz%7D/%7Bx%7D/%7By%7D.png&zmin=0&zmax=19"
        return QgsRasterLayer(uri, "web", "wms")

    def test_canvas_in_degrees_that_crosses_it(self, web_map):
        """170° to 190°: two parts at the edges of Web Mercator, 10° wide each."""
        area = areas.area_of_rectangle(QgsRectangle(170, -10, 190, 10), WGS84, web_map)
        wide = sorted(_bounds(polygon[0])[::2] for polygon in area.polygons)
        degree = 20037508.342789244 / 180
        assert wide == [
            pytest.approx((-180 * degree, -170 * degree), abs=1),
            pytest.approx((170 * degree, 180 * degree), abs=1),
        ]

    def test_canvas_beyond_the_poles_is_the_whole_map(self, web_map):
        area = areas.area_of_rectangle(QgsRectangle(-200, -95, 200, 95), WGS84, web_map)
        assert _bounds(_ring(area)) == pytest.approx((-20037508,) * 2 + (20037508,) * 2, abs=20)

    def test_typed(self, qgis_app):
        rectangle, _ = areas.typed_rectangle("170, -10, -170, 10 [EPSG:4326]", UTM33)
        assert (rectangle.xMinimum(), rectangle.xMaximum()) == (170, 190)


class TestTyped:
    @pytest.mark.parametrize(
        ("text", "crs"),
        [
            ("501000, 5590000, 502000, 5591500", UTM33),
            ("501000 5590000 502000 5591500.0", UTM33),
            ("502000;5591500;501000;5590000 [EPSG:4326]", WGS84),
            ("5.01e5,559e4,502000.,5591500[ EPSG:3857 ]", MERCATOR),
        ],
    )
    def test_four_numbers_and_maybe_a_crs(self, text, crs):
        rectangle, found = areas.typed_rectangle(text, UTM33)
        sides = (rectangle.xMinimum(), rectangle.yMinimum(), rectangle.xMaximum(), rectangle.yMaximum())
        assert (sides, found) == ((501000, 5590000, 502000, 5591500), crs)

    @pytest.mark.parametrize(
        "text", ["", "abc", "1,2,3", "1,2,3,4,5", "1,1,1,5", "1,2,3,4 [EPSG:99999999]", "1,2,3,4 EPSG:4326"]
    )
    def test_anything_else_is_refused(self, qgis_app, text):
        with pytest.raises(AreaOutsideError) as caught:
            areas.typed_rectangle(text, UTM33)
        assert "west, south, east, north" in caught.value.hint

    @pytest.mark.parametrize(("crs", "sides"), [(UTM33, (1, -2, 30, 40)), (WGS84, (-0.01, 1.5, 2, 3.25))])
    def test_what_is_offered_can_be_typed(self, qgis_app, crs, sides):
        text = areas.rectangle_text(QgsRectangle(*sides), crs)
        assert areas.typed_rectangle(text, MERCATOR) == (QgsRectangle(*sides), crs)
