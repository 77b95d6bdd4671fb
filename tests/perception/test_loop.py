"""The zoom loop over real rasters, with played-back outputs in place of a model's."""

import base64
import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from playback import ListeningEngine, answer_with, codes, put, zoom_to
from rasters_on_disk import GSD_M, NORTH, WEST, write_raster
from zoomearth.core.errors import Cancelled, QuestionInvalidError
from zoomearth.core.frames import PixelBox, ViewBox
from zoomearth.core.progress import CancelToken, Progress, Stage
from zoomearth.core.types import AnswerFrame, Query, RasterRequest
from zoomearth.models.engine import Engine
from zoomearth.models.profile import load_profile
from zoomearth.perception.looking import zoom_window
from zoomearth.perception.loop import ask
from zoomearth.raster.reading import open_raster

Script = Callable[..., Engine]
ACROSS, DOWN = 3000 / 512, 2000 / 341  # raster pixels in a pixel of the scene's overview, 512 × 341


def test_an_answer_from_a_zoom_has_its_place(scene: Path, script: Script) -> None:
    answer = put(scene, script(zoom_to(340, 255, 350, 265), answer_with("red")))
    assert (answer.text, answer.warnings) == ("red", ())
    assert answer.reasoning == "small\nclear"

    overview, zoomed = answer.steps
    assert overview.window == PixelBox(0, 0, 3000, 2000) and overview.view_size == (512, 341)
    assert overview.box == ViewBox(340, 255, 350, 265) and zoomed.box is None
    assert zoomed.view_size == (512, 512)
    # The place: columns 1992.2 to 2050.8, rows 1495.6 to 1554.3; its middle (2021.5, 1524.9).
    (region,) = answer.regions
    assert region.label == "ship"
    assert region.pixel_box.to_json() == pytest.approx(
        [340 * ACROSS, 255 * DOWN, 350 * ACROSS, 265 * DOWN], abs=1e-6
    )
    assert zoomed.window.center == pytest.approx((2021.5, 1524.9), abs=1.0)
    assert (zoomed.window.width, zoomed.window.height) == (512, 512)

    west, north = WEST + 340 * ACROSS * GSD_M, NORTH - 255 * DOWN * GSD_M
    east, south = WEST + 350 * ACROSS * GSD_M, NORTH - 265 * DOWN * GSD_M
    expected = [(west, north), (east, north), (east, south), (west, south)]
    assert np.allclose(region.polygon, expected, atol=1e-6)
    assert (answer.crs, answer.frame) == ("EPSG:32633", AnswerFrame.CRS)
    assert overview.seen_gsd_m == pytest.approx(GSD_M * (ACROSS + DOWN) / 2, rel=2e-3)
    assert answer.seen_gsd_m == zoomed.seen_gsd_m == pytest.approx(GSD_M, rel=2e-3)


def test_the_zoomed_picture_holds_the_original_pixels(scene: Path, script: Script) -> None:
    answer = put(scene, script(zoom_to(340, 255, 350, 265), answer_with("red")), with_pictures=True)
    window = answer.steps[1].window
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer.steps[1].picture_png))))
    assert picture.shape == (512, 512, 3)
    columns = np.arange(window.left, window.right).astype(int)
    rows = np.arange(window.top, window.bottom).astype(int)
    assert (picture[0, :, 0] == columns // 16).all()
    assert (picture[:, 0, 1] == rows // 16).all()
    first = Image.open(io.BytesIO(base64.b64decode(answer.steps[0].picture_png)))
    assert first.size == (512, 341)


def test_pictures_are_left_out_unless_asked_for(scene: Path, script: Script) -> None:
    assert [step.picture_png for step in put(scene, script(answer_with("red"))).steps] == [""]


def test_a_long_thin_place_is_never_cut(scene: Path, script: Script) -> None:
    answer = put(scene, script(zoom_to(10, 300, 500, 304, label="pier"), answer_with("stone")))
    window = answer.steps[1].window
    assert window.left <= 10 * ACROSS and window.right >= 500 * ACROSS
    assert window.height == 512
    assert answer.steps[1].view_size == (512, round(512 * 512 / window.width))


@pytest.mark.parametrize("box", [(0, 0, 4, 4), (508, 337, 512, 341), (600, -9, 500, 4)])
def test_a_place_at_the_edge_is_shown_inside_the_raster(
    scene: Path, script: Script, box: tuple[float, ...]
) -> None:
    window = put(scene, script(zoom_to(*box), answer_with("red"))).steps[1].window
    assert (window.width, window.height) == (512, 512)
    assert PixelBox(0, 0, 3000, 2000).intersection(window) == window


def test_the_model_may_zoom_again_and_the_last_place_counts(scene: Path, script: Script) -> None:
    # 300 view pixels across are 1,758 raster pixels; the second box is a tenth of that.
    outputs = zoom_to(100, 100, 400, 300, label="harbour"), zoom_to(200, 100, 250, 150), answer_with("red")
    answer = put(scene, script(*outputs))
    first, second = answer.steps[1].window, answer.steps[2].window
    assert first.intersection(second) == second and second.width == 512
    across = first.width / answer.steps[1].view_size[0]
    (region,) = answer.regions
    assert region.label == "ship"
    assert region.pixel_box.left == pytest.approx(first.left + 200 * across, abs=1e-6)
    seen = [step.seen_gsd_m for step in answer.steps]
    assert seen == sorted(seen, reverse=True)  # type: ignore[type-var]


def test_no_zoom_is_taken_beyond_the_limit(scene: Path, script: Script) -> None:
    outputs = zoom_to(100, 100, 400, 300, label="harbour"), zoom_to(200, 100, 250, 150), answer_with("red")
    answer = put(scene, script(*outputs), max_zooms=1)
    assert len(answer.steps) == 2 and answer.text == ""
    assert codes(answer) == ["zoom_limit"] and "1 zooms" in answer.warnings[0]
    assert [region.label for region in answer.regions] == ["harbour"]
    assert answer.steps[1].box == ViewBox(200, 100, 250, 150)


def test_zooming_stops_at_native_resolution(scene: Path, script: Script) -> None:
    answer = put(scene, script(zoom_to(340, 255, 350, 265), zoom_to(10, 10, 20, 20), answer_with("red")))
    assert len(answer.steps) == 2 and answer.text == ""
    assert codes(answer) == ["no_closer_view"]


def test_an_answer_given_beside_a_box_is_used_when_there_is_no_closer_look(
    scene: Path, script: Script
) -> None:
    both = zoom_to(340, 255, 350, 265) + "<answer>grey</answer>"
    looked = put(scene, script(both, answer_with("red")))
    assert looked.text == "red"
    unlooked = put(scene, script(both), max_zooms=0)
    assert (unlooked.text, unlooked.warnings, len(unlooked.steps)) == ("grey", (), 1)
    assert unlooked.regions[0].pixel_box.left == pytest.approx(340 * ACROSS)


def test_without_zooms_the_overview_is_all_that_is_seen(scene: Path, script: Script) -> None:
    answer = put(scene, script(answer_with("water")), max_zooms=0)
    assert (answer.text, answer.regions, len(answer.steps)) == ("water", (), 1)
    assert answer.searched_box == PixelBox(0, 0, 3000, 2000)
    assert np.allclose(
        answer.searched_polygons[0][0],
        [(WEST, NORTH), (WEST + 1500, NORTH), (WEST + 1500, NORTH - 1000), (WEST, NORTH - 1000)],
    )


@pytest.mark.parametrize(
    ("text", "expected", "code"),
    [
        (answer_with("I can't tell"), "I can't tell", []),
        (answer_with("two\nof them"), "two\nof them", []),
        ("The ship is red.", "The ship is red.", ["answer_form"]),
        ('<think>x</think>[{"bbox_2d": [1, 2, 3], "label": "ship"}', None, ["answer_form"]),
        ("", "", ["no_answer"]),
    ],
)
def test_text_without_an_action_is_carried_with_a_warning(
    scene: Path, script: Script, text: str, expected: str | None, code: list[str]
) -> None:
    answer = put(scene, script(text))
    assert codes(answer) == code and answer.regions == ()
    assert expected is None or answer.text == expected
    assert answer.raw_output == text


def test_several_places_are_owned_up_to(scene: Path, script: Script) -> None:
    two = '[{"bbox_2d": [10, 10, 20, 20], "label": "a"}, {"bbox_2d": [30, 30, 40, 40], "label": "b"}]'
    answer = put(scene, script(two, answer_with("red")))
    assert codes(answer) == ["several_places"] and answer.regions[0].label == "a"


def test_a_small_raster_can_still_be_pointed_at(tmp_path: Path, script: Script) -> None:
    """Nothing is gained by zooming, but the model answers from a second picture, and has a place."""
    path = write_raster(tmp_path / "small.tif", np.full((3, 200, 300), 70, dtype=np.uint8), "EPSG:32633")
    answer = put(path, script(zoom_to(10, 20, 30, 40), zoom_to(1, 1, 2, 2), answer_with("red")))
    assert [step.window for step in answer.steps] == [PixelBox(0, 0, 300, 200)] * 2
    assert [step.view_size for step in answer.steps] == [(300, 200)] * 2
    assert answer.regions[0].pixel_box == PixelBox(10, 20, 30, 40)
    assert codes(answer) == ["already_native", "no_closer_view"]


def test_an_answer_beside_a_box_is_taken_at_once_where_a_zoom_would_show_no_more(
    tmp_path: Path, script: Script
) -> None:
    path = write_raster(tmp_path / "small.tif", np.full((3, 200, 300), 70, dtype=np.uint8), "EPSG:32633")
    answer = put(path, script(zoom_to(10, 20, 30, 40) + "<answer>red</answer>"))
    assert (answer.text, len(answer.steps), answer.warnings) == ("red", 1, ())
    assert answer.regions[0].pixel_box == PixelBox(10, 20, 30, 40)


def test_an_answer_beside_a_box_after_a_zoom_is_final(scene: Path, script: Script) -> None:
    """The box is what the answer was read from; no further picture is read for it."""
    closer = zoom_to(64, 64, 128, 128) + "<answer>red</answer>"
    answer = put(scene, script(zoom_to(0, 0, 256, 256), closer, answer_with("blue")))
    assert (answer.text, len(answer.steps), answer.warnings) == ("red", 2, ())
    # The first window is 1,500 x 1,501 px in 512 x 512: 2.93 px each.
    expected = [64 * 1500 / 512, 64 * 1501 / 512, 128 * 1500 / 512, 128 * 1501 / 512]
    assert answer.regions[0].pixel_box.to_json() == pytest.approx(expected, abs=3)


def test_a_small_window_is_shown_enlarged(scene: Path, script: Script) -> None:
    engine = script(zoom_to(250, 150, 251, 151), answer_with("red"))
    engine.profile = dataclasses.replace(engine.profile, minimum_crop_px=64, magnification=4.0)
    answer = put(scene, engine, with_pictures=True)
    zoomed = answer.steps[1]
    assert (zoomed.window.width, zoomed.window.height) == (64, 64)
    assert zoomed.view_size == (256, 256)
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(zoomed.picture_png))))
    assert picture.shape == (256, 256, 3)
    columns = np.arange(zoomed.window.left, zoomed.window.right).astype(int) // 16
    assert np.abs(picture[0, 2::4, 0].astype(int) - columns).max() <= 1
    assert zoomed.seen_gsd_m == pytest.approx(GSD_M, rel=2e-3)


@pytest.mark.parametrize("question", ["", " \n ", "x" * 10_000])
def test_a_question_of_no_or_too_many_words_is_refused(scene: Path, script: Script, question: str) -> None:
    with pytest.raises(QuestionInvalidError):
        put(scene, script(answer_with("red")), question)


def test_a_raster_without_crs_says_so(tmp_path: Path, script: Script) -> None:
    path = write_raster(tmp_path / "bare.tif", np.full((3, 600, 600), 70, dtype=np.uint8), None)
    answer = put(path, script(answer_with("red")))
    assert (answer.crs, answer.frame, answer.seen_gsd_m) == (None, AnswerFrame.OWN, None)
    assert codes(answer) == ["unreferenced"]


def test_a_view_larger_than_the_model_can_point_in_is_not_shown(scene: Path, script: Script) -> None:
    engine = ListeningEngine((answer_with("red"),))
    engine.profile = dataclasses.replace(engine.profile, largest_view_px=300)
    answer = put(scene, engine, view_side_px=480)
    assert answer.steps[0].view_size == (300, 200)
    assert codes(answer) == ["view_limited"] and "480" in answer.warnings[0]


def test_the_view_side_can_be_chosen(scene: Path, script: Script) -> None:
    answer = put(scene, script(zoom_to(10, 10, 12, 12), answer_with("red")), view_side_px=256)
    assert [step.view_size for step in answer.steps] == [(256, 171), (256, 256)]


def test_what_the_model_hears_and_sees(scene: Path) -> None:
    """With an instructed model: told to answer when there is no closer view."""
    engine = ListeningEngine((zoom_to(100, 100, 400, 300), zoom_to(200, 100, 250, 150), answer_with("red")))
    profile = load_profile("qwen2.5-vl-7b-instruct")
    put(scene, engine.asked_like(profile), "Is {it} red?")
    (first, asked), (_, again), (last, finally_asked) = engine.heard
    assert first.shape == (341, 512, 3) and last.shape == (512, 512, 3)
    assert "Is {it} red?" in asked and "box in pixels" in asked
    assert "closer still" in again and "closer still" not in finally_asked

    without = ListeningEngine((answer_with("red"),)).asked_like(profile)
    put(scene, without, max_zooms=0)
    assert "box" not in without.heard[0][1]


def test_progress_never_goes_back_and_says_what_happens(scene: Path, script: Script) -> None:
    told: list[Progress] = []
    query = Query("What colour?", RasterRequest(str(scene)))
    engine = script(zoom_to(340, 255, 350, 265), answer_with("red"))
    with open_raster(query.raster) as raster:
        answer = ask(query, raster, engine, report=told.append, cancel=CancelToken())
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0  # type: ignore[type-var]
    stages = list(dict.fromkeys(progress.stage for progress in told))
    assert stages == [Stage.READING_OVERVIEW, Stage.LOOKING, Stage.ZOOMING, Stage.ANSWERING, Stage.DONE]
    assert next(p.text for p in told if p.stage is Stage.ZOOMING) == "1765–2277 × 1269–1781 px"
    assert any("bbox_2d" in progress.text for progress in told)
    assert set(answer.timings) == {"reading_overview", "looking", "zooming", "answering"}
    assert sum(answer.timings.values()) <= answer.seconds + 0.01


def test_a_request_to_stop_ends_the_question(scene: Path, script: Script) -> None:
    cancel = CancelToken()
    reached: list[Stage] = []

    def report(progress: Progress) -> None:
        reached.append(progress.stage)
        if progress.stage is Stage.ZOOMING:
            cancel.cancel()

    query = Query("What colour?", RasterRequest(str(scene)))
    engine = script(zoom_to(340, 255, 350, 265), answer_with("red"))
    with open_raster(query.raster) as raster, pytest.raises(Cancelled):
        ask(query, raster, engine, report=report, cancel=cancel)
    assert reached[-1] is Stage.ZOOMING


@given(
    st.tuples(st.integers(0, 2999), st.integers(0, 1999)),
    st.tuples(st.floats(0.01, 3000), st.floats(0.01, 2000)),
    st.integers(1, 4000),
)
def test_a_window_holds_its_place_and_stays_inside(
    corner: tuple[int, int], size: tuple[float, float], minimum_px: int
) -> None:
    searched = PixelBox(0, 0, 3000, 2000)
    place = PixelBox(*corner, corner[0] + size[0], corner[1] + size[1]).intersection(searched)
    window = zoom_window(place, minimum_px, searched)
    assert window.intersection(searched) == window
    assert window.intersection(place) == place
    assert window.width >= min(minimum_px, 3000) and window.height >= min(minimum_px, 2000)
    assert window.snapped() == window


def test_a_place_that_is_partly_off_the_earth(script: Script, tmp_path: Path) -> None:
    """A full disk of a geostationary satellite: its corners show the sky, its middle the Earth."""
    geostationary = "+proj=geos +h=35785831 +lon_0=0 +sweep=y +a=6378169 +b=6356583.8 +units=m"
    path = tmp_path / "disk.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=2200,
        height=2200,
        count=1,
        dtype="uint8",
        crs=geostationary,
        transform=rasterio.transform.from_origin(-5.5e6, 5.5e6, 5000, 5000),
    ) as file:
        file.write(np.full((1, 2200, 2200), 9, np.uint8))
    assert codes(put(path, script(answer_with("grey")))) == ["off_earth"]
    assert codes(put(path, script(zoom_to(200, 200, 300, 300), answer_with("grey")))) == []
