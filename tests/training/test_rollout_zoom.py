"""The zoom of a rollout takes the decisions of the product's own dialogue, whatever is written."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_rollout_policy import answer_text, zoom_text
from zoomearth.core.frames import PixelBox, View
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.core.types import Area, Options, Query, RasterRequest
from zoomearth.models.profile import BoxFrame, Profile, load_profile
from zoomearth.models.scripted import ScriptedEngine
from zoomearth.perception.looking import Finding, Search, look
from zoomearth.perception.pace import Pace
from zoomearth.raster.reading import open_raster
from zoomearth.training.rewards import is_turn_wellformed
from zoomearth.training.rollout_sources import RasterImage
from zoomearth.training.zoom_tool import Looking, LookRules

RASTER = Path("raster_0.tif")
SIDE_PX, CROP_PX = 96, 40


def profile(frame: BoxFrame) -> Profile:
    return dataclasses.replace(load_profile("zoomearth-mini"), minimum_crop_px=CROP_PX, box_frame=frame)


def product(path: Path, area: PixelBox | None, own: Profile, max_zooms: int, texts: list[str]) -> Finding:
    """What the product makes of these texts."""
    engine = ScriptedEngine("scripted", tuple(texts))
    engine.profile = own
    request = RasterRequest(str(path))
    query = Query("what ?", request, None, Options(max_zooms=max_zooms), "scripted")
    with open_raster(request) as raster:
        searched = raster.resolve(None if area is None else Area(pixels=area))
        search = Search(query, raster, searched, engine, SIDE_PX)
        return look(search, pace=Pace(ignore_progress), cancel=CancelToken())


def rollout(path: Path, area: PixelBox | None, own: Profile, max_zooms: int, texts: list[str]):
    """The same texts, to a rollout; (views, looking)."""
    with open_raster(RasterRequest(str(path))) as raster:
        looking = Looking("what ?", RasterImage(raster, area).extent, LookRules(own, SIDE_PX, max_zooms, 1))
    views: list[View] = []
    told: list[str] = []
    window: PixelBox | None = looking.view.window
    remaining = iter(texts)
    while window is not None:
        views.append(looking.view)
        told.append(looking.text)
        window = looking.respond(next(remaining, ""), was_cut=False)
    return views, told, looking


sides = st.tuples(*[st.integers(-20, 1010)] * 4)
texts = st.lists(
    st.one_of(
        sides.map(zoom_text),
        st.tuples(st.integers(0, 80), st.integers(0, 70), st.integers(1, 30)).map(
            lambda at: zoom_text((at[0], at[1], at[0] + at[2], at[1] + at[2]))
        ),
        st.tuples(sides.map(zoom_text), st.just("<answer>early</answer>")).map("".join),
        st.sampled_from(
            [answer_text("red"), "", "<think>hm</think>", "it is red", '[{"bbox_2d": [1, 2, 3]}]']
        ),
    ),
    max_size=5,
)
areas = st.one_of(
    st.none(),
    st.tuples(st.integers(0, 250), st.integers(0, 200), st.integers(1, 70), st.integers(1, 56)).map(
        lambda at: PixelBox(at[0], at[1], at[0] + at[2], at[1] + at[3])
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    written=texts,
    area=areas,
    frame=st.sampled_from([BoxFrame.VIEW_PIXELS, BoxFrame.PER_MILLE]),
    max_zooms=st.integers(0, 4),
)
def test_same_texts_same_looks_and_answer(rasters, written, area, frame, max_zooms) -> None:
    path, own = rasters / RASTER, profile(frame)
    finding = product(path, area, own, max_zooms, written)
    views, _, looking = rollout(path, area, own, max_zooms, written)
    assert [(step.window, step.view_size) for step in finding.steps] == [
        (one.window, one.size) for one in views
    ]
    outcome = looking.outcome()
    assert list(outcome.turns) == [step.text for step in finding.steps]
    assert (outcome.answer or "") == finding.text
    assert outcome.box == finding.region
    assert outcome.zooms == len(finding.steps) - 1


def test_the_user_says_what_the_product_says(rasters) -> None:
    """``Zoom if needed`` while it may zoom, ``answer now`` at the last look."""
    own = dataclasses.replace(load_profile("qwen2.5-vl-7b-instruct"), minimum_crop_px=CROP_PX)
    written = [zoom_text((10, 10, 70, 70)), zoom_text((10, 10, 30, 30)), answer_text("red")]
    heard: list[str] = []
    engine = ScriptedEngine("scripted", tuple(written))
    engine.profile = own
    conversation = engine.converse()
    plain = conversation.turn

    def turn(pixels, text, **options):
        heard.append(text)
        return plain(pixels, text, **options)

    conversation.turn = turn  # type: ignore[method-assign]
    request = RasterRequest(str(rasters / RASTER))
    query = Query("what ?", request, None, Options(max_zooms=2), "scripted")
    listening = SimpleNamespace(
        profile=own, converse=lambda: conversation, processed_size=engine.processed_size, warnings=()
    )
    with open_raster(request) as raster:
        search = Search(query, raster, raster.resolve(None), listening, SIDE_PX)
        look(search, pace=Pace(ignore_progress), cancel=CancelToken())
    _, told, _ = rollout(rasters / RASTER, None, own, 2, written)
    assert told == heard and len(set(told)) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (zoom_text((1, 2, 3, 4)), True),
        (answer_text("red"), True),
        ("<think> ship </think> <answer> a red ship </answer> ", True),
        ('<think> ship </think> [{"bbox_2d": [ 1 , 2 , 3 , 4 ], "label": " ship "}]', True),
        (zoom_text((3, 2, 1, 4)), False),  # reversed
        (zoom_text((1, 2, 3)), False),
        (zoom_text((1, 2, 3, 4)) + "<answer>red</answer>", True),
        (zoom_text((1, 2, 3, 4)).replace("<think>ship</think>", ""), False),
        (zoom_text((1, 2, 3, 4)).replace("]", "], [5, 6, 7, 8]", 1), False),
        ("<answer>red</answer>", False),
        ("<think>ship</think><answer> </answer>", False),
        ("<think>ship</think><answer>red", False),
        ("<think>ship<think></think><answer>red</answer>", False),
        ("<think>ship</think>red", False),
        ("<think>ship</think>[]", False),
        ('<think>ship</think>[{"bbox_2d": [true, 2, 3, 4], "label": "x"}]', False),
        ('<think>ship</think>[{"bbox_2d": [1, 2, 3, 4], "label": 5}]', False),
        ("", False),
    ],
)
def test_what_is_wellformed(text, expected) -> None:
    assert is_turn_wellformed(text) is expected


def test_a_zoom_in_the_last_look_breaks_the_form() -> None:
    """The last turn has to answer, however well-formed its box is."""
    looking = Looking("?", PixelBox(0, 0, 320, 256), LookRules(profile(BoxFrame.VIEW_PIXELS), SIDE_PX, 1, 1))
    assert looking.respond(zoom_text((1, 2, 30, 40)), was_cut=False) is not None
    assert looking.respond(zoom_text((1, 2, 30, 40)), was_cut=False) is None
    outcome = looking.outcome()
    assert outcome.truncated and not outcome.is_wellformed
    assert outcome.answer is None and outcome.zooms == 1
