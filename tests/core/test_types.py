"""A question and its answer cross the door unchanged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoomearth.core.errors import QuestionInvalidError
from zoomearth.core.frames import PixelBox, ViewBox
from zoomearth.core.placing import ControlFit, Placing
from zoomearth.core.progress import Progress, Stage
from zoomearth.core.types import (
    MAX_QUESTION_LENGTH,
    Answer,
    AnswerFrame,
    Area,
    Options,
    Query,
    RasterRequest,
    Region,
    Step,
    Stretch,
)

numbers = st.floats(-1e9, 1e9)
texts = st.text(max_size=40)
corners = st.tuples(numbers, numbers, numbers, numbers)
pixel_boxes = corners.map(PixelBox.from_corners)
view_boxes = corners.map(ViewBox.from_corners)
rings = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=6).map(tuple)
polygons = st.lists(st.lists(rings, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple)
placings = st.builds(Placing, st.sampled_from(ControlFit), st.none() | numbers, st.none() | texts)
requests = st.builds(
    RasterRequest,
    texts,
    st.sampled_from([(), (1,), (4, 3, 2)]),
    st.sampled_from([None, *Stretch]),
    placings,
)
areas = st.one_of(st.builds(Area, pixels=pixel_boxes), st.builds(Area, polygons=polygons))
options = st.builds(Options, st.integers(0, 9), st.none() | st.integers(1, 4096), st.booleans())
queries = st.builds(Query, texts, requests, st.none() | areas, options, st.text(min_size=1, max_size=20))
regions = st.builds(
    Region, texts, pixel_boxes, rings, st.none() | st.floats(0, 1), st.sampled_from([None, True, False])
)
sizes = st.tuples(st.integers(1, 4096), st.integers(1, 4096))
distances = st.none() | st.floats(0, 1e6)
steps = st.builds(Step, pixel_boxes, sizes, texts, st.none() | view_boxes, distances, texts)
answers = st.builds(
    Answer,
    text=texts,
    regions=st.lists(regions, max_size=3).map(tuple),
    steps=st.lists(steps, max_size=3).map(tuple),
    searched_box=pixel_boxes,
    searched_polygons=polygons,
    frame=st.sampled_from(AnswerFrame),
    crs=st.none() | texts,
    seen_gsd_m=distances,
    model=texts,
    revision=texts,
    seconds=st.floats(0, 1e6),
    reasoning=texts,
    timings=st.dictionaries(texts, st.floats(0, 1e6), max_size=3),
    warnings=st.lists(texts, max_size=3).map(tuple),
    native_share=st.floats(0, 1),
    approximations=st.lists(texts, max_size=3).map(tuple),
)


def over_the_door(payload: object) -> object:
    """As the other Python gets it: through JSON's text."""
    return json.loads(json.dumps(payload, allow_nan=False))


@given(queries)
def test_a_query_comes_back(query: Query) -> None:
    assert Query.from_json(over_the_door(query.to_json())) == query


@given(answers)
def test_an_answer_comes_back(answer: Answer) -> None:
    assert Answer.from_json(over_the_door(answer.to_json())) == answer


@given(st.builds(Progress, st.sampled_from(Stage), st.none() | st.floats(0, 1), texts))
def test_progress_comes_back(progress: Progress) -> None:
    assert Progress.from_json(over_the_door(progress.to_json())) == progress


def test_a_stage_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError):
        Progress.from_json({"stage": "daydreaming"})


def test_what_is_left_out_has_its_default() -> None:
    query = Query.from_json({"question": "Ships?", "raster": {"uri": "a.tif"}})
    assert query == Query("Ships?", RasterRequest("a.tif"), None, Options(3, None, False), "zoomearth-mini")


class TestAreas:
    def test_pixels_win_and_may_come_in_any_order(self) -> None:
        assert Area.from_json({"pixels": [8, 9, 2, 3]}) == Area(pixels=PixelBox(2, 3, 8, 9))

    def test_the_origin_is_an_area(self) -> None:
        """A box of zeros is still a place, not "no area"."""
        query = Query("?", RasterRequest("a"), Area(pixels=PixelBox(0, 0, 0, 0)))
        assert Query.from_json(query.to_json()).area == query.area


class TestQuestions:
    @pytest.mark.parametrize("question", ["", "   ", "\n\t", "\u00a0"])
    def test_an_empty_one_is_refused(self, question: str) -> None:
        with pytest.raises(QuestionInvalidError, match="empty"):
            Query(question, RasterRequest("a.tif")).validated()

    def test_a_long_one_is_refused_and_says_how_long(self) -> None:
        with pytest.raises(QuestionInvalidError, match="10000"):
            Query("x" * 10_000, RasterRequest("a.tif")).validated()

    def test_the_longest_is_accepted(self) -> None:
        longest = "x" * MAX_QUESTION_LENGTH
        assert Query(f"  {longest}\n", RasterRequest("a.tif")).validated().question == longest

    def test_only_white_space_changes(self) -> None:
        query = Query(" Are  there\nships? ", RasterRequest("a.tif"), Area(), Options(1), "other")
        trimmed = query.validated()
        assert trimmed == Query("Are there ships?", RasterRequest("a.tif"), Area(), Options(1), "other")


class TestPublicJson:
    ANSWER = Answer(
        text="red",
        regions=(Region("ship", PixelBox(1, 2, 3, 4), ((10, 20), (30, 20), (30, 0), (10, 0)), 0.5, True),),
        steps=(
            Step(PixelBox(0, 0, 90, 60), (45, 30), "zoom", ViewBox(1, 1, 2, 2), 2.0, "cGljdHVyZQ=="),
            Step(PixelBox(0, 0, 9, 6), (9, 6), "red"),
        ),
        searched_box=PixelBox(0, 0, 90, 60),
        searched_polygons=((((0, 0), (90, 0), (90, -60), (0, -60)),),),
        frame=AnswerFrame.CRS,
        crs="EPSG:32633",
        seen_gsd_m=0.5,
        model="m",
        revision="r",
        seconds=1.5,
        reasoning="hm",
        warnings=("unreferenced: no",),
        native_share=0.125,
        approximations=("overview_mean: The overview shows the mean of 2 × 2 pixels in one.",),
    )

    def test_it_is_what_the_command_line_promises(self) -> None:
        assert self.ANSWER.to_public_json() == {
            "answer": "red",
            "regions": [
                {
                    "label": "ship",
                    "score": 0.5,
                    "verified": True,
                    "pixel_box": [1, 2, 3, 4],
                    "polygon": [[10, 20], [30, 20], [30, 0], [10, 0]],
                }
            ],
            "crs": "EPSG:32633",
            "steps": [
                {"window": [0, 0, 90, 60], "view_size": [45, 30], "text": "zoom"},
                {"window": [0, 0, 9, 6], "view_size": [9, 6], "text": "red"},
            ],
            "seen_gsd_m": 0.5,
            "native_share": 0.125,
            "approximations": ["overview_mean: The overview shows the mean of 2 × 2 pixels in one."],
            "model": "m",
            "revision": "r",
            "seconds": 1.5,
            "warnings": ["unreferenced: no"],
        }

    def test_raw_output_is_every_step(self) -> None:
        assert self.ANSWER.raw_output == "zoom\n\nred"
