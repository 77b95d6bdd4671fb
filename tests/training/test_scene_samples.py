"""Conversations about scenes: what is looked at, in which order, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pytest
from zoomearth.core.frames import PixelBox, View, ViewBox, view_size
from zoomearth.perception.looking import zoom_window
from zoomearth.training import scene_samples
from zoomearth.training.labels import FACTS
from zoomearth.training.samples import LookSettings
from zoomearth.training.scene_samples import GROUPS_A_SCENE, scene_group

SETTINGS = LookSettings(240, 512)
BOX = re.compile(r"bbox_2d\": \[(\d+), (\d+), (\d+), (\d+)\]")


def groups(turns: Iterable[int], scenes: int = 16):
    return [scene_group(GROUPS_A_SCENE * scene + turn, SETTINGS) for scene in range(scenes) for turn in turns]


def written_box(text: str) -> ViewBox | None:
    found = BOX.search(text)
    return ViewBox(*map(float, found.groups())) if found else None


def holds(box: ViewBox, inner: ViewBox) -> bool:
    column, row = (inner.left + inner.right) / 2, (inner.top + inner.bottom) / 2
    return box.left <= column <= box.right and box.top <= row <= box.bottom


def test_groups_begin_with_one_picture_and_ask_different_things() -> None:
    for group in groups((0, 1, 2, 3), scenes=6):
        assert all(np.array_equal(one.looks[0].pixels, group[0].looks[0].pixels) for one in group)
        assert len({one.prompt for one in group}) > 0.8 * len(group)
        assert any("<answer>" in one.looks[-1].text for one in group)


def test_near_groups_tell_all_about_one_thing() -> None:
    near = groups((2, 3, 4), scenes=14)
    assert sum(len(group) for group in near) / len(near) > 3
    assert all(len(one.looks) == 1 for group in near for one in group)


def test_a_thing_is_found_in_two_steps_and_named_once_more_from_near_by() -> None:
    chains = [one for group in groups((0,)) for one in group if len(one.looks) == 3]
    assert len(chains) >= 12
    for chain in chains:
        overview, ninth, near = chain.looks
        assert "<answer>" not in overview.text + ninth.text and "<answer>" in near.text
        for look in (ninth, near):
            box = written_box(look.text)
            assert box is not None and look.target is not None and holds(box, look.target)
        # Larger in the ninth than from afar, and larger still from near by.
        assert near.target.width > 1.5 * ninth.target.width


def test_glances_are_at_scenes_of_their_own_and_ask_about_all_of_them() -> None:
    pictures = set()
    for group in groups((0, 5, 6), scenes=4):
        pictures.add(group[0].looks[0].pixels.tobytes())
    assert len(pictures) == 12
    for group in groups((5, 6), scenes=4):
        assert len(group) == 4 and all(len(one.looks) == 1 for one in group)
        assert {FACTS[one.looks[0].fact][0] for one in group} == {
            "scene type",
            "urban-rural",
            "season",
            "global counting",
        }


@pytest.mark.parametrize("center", [(10.0, 10.0), (2048.0, 2048.0), (4090.0, 1.0), (1300.0, 2800.0)])
def test_the_ninth_that_is_written_is_the_window_that_is_shown(center: tuple[float, float]) -> None:
    """The product would open that very window for the box, to a view pixel."""
    scene = scene_samples.make_scene(3, 4096)
    column, row = center
    ninth = scene_samples._ninth(scene, PixelBox(column - 4, row - 4, column + 4, row + 4))
    assert ninth.left <= column <= ninth.right and ninth.top <= row <= ninth.bottom
    assert 1360 <= ninth.width <= 1536 and 1360 <= ninth.height <= 1536
    overview = View(scene.extent, view_size(scene.extent, 240))
    box = ViewBox(*(round(side) for side in overview.to_view(ninth).to_json()))
    shown = zoom_window(overview.to_pixels(box), 512, scene.extent)
    assert np.abs(np.array(shown.to_json()) - ninth.to_json()).max() <= overview.pixels_per_view_pixel[0]


def test_where_the_words_do_not_tell_the_place_the_picture_is_asked() -> None:
    """To look at a ninth that the words name teaches nothing; where they do not, the thing is meant."""
    pointed = [one.looks[0] for group in groups((0,)) for one in group if "find" in one.looks[0].text]
    told = [look for look in pointed if look.target is None]
    seen = [look for look in pointed if look.target is not None]
    assert told and seen
    places = re.compile(r"find [a-z ]+ (north|south|east|west|centre)")
    assert all(places.search(look.text) for look in told)
    assert not any(places.search(look.text) for look in seen)
    for look in seen:
        box = written_box(look.text)
        assert box is not None and look.target is not None and holds(box, look.target)


def test_middle_views_point_within_the_window() -> None:
    samples = [one for group in groups((1,)) for one in group]
    assert sum(len(one.looks) == 2 for one in samples) >= 12
    for one in samples:
        box, target = written_box(one.looks[0].text), one.looks[0].target
        assert box is not None and target is not None and holds(box, target)


def test_what_the_pictures_are_to_tell_is_what_is_answered() -> None:
    told: dict[str, set[str]] = {}
    for group in groups(range(GROUPS_A_SCENE), scenes=20):
        for sample in group:
            for look in sample.looks:
                if look.fact is None:
                    continue
                topic, word = FACTS[look.fact]
                told.setdefault(topic, set()).add(word)
                assert look.target is not None
                assert f"<answer>{word}</answer>" in look.text or topic == "region counting"
            assert all(look.fact is None for look in sample.looks if "<answer>" not in look.text)
    assert set(told) == {topic for topic, _ in FACTS}
    assert told["season"] == {"spring", "summer", "autumn", "winter"}


def test_a_side_is_read_from_the_neighbour_and_a_motion_from_the_wake() -> None:
    near = [one.looks[0] for group in groups((2, 3, 4), scenes=40) for one in group]
    sides = [look for look in near if look.fact is not None and FACTS[look.fact][0].startswith("relative")]
    assert len(sides) > 10
    for look in sides:
        (left, top, right, bottom), box = look.shown_by.to_json(), look.target
        east = (left + right - box.left - box.right) / 2
        south = (top + bottom - box.top - box.bottom) / 2
        across = abs(east) > abs(south)
        lies = ("east" if east > 0 else "west") if across else ("south" if south > 0 else "north")
        assert FACTS[look.fact][1] == lies
    motions = [look for look in near if look.fact is not None and FACTS[look.fact][0].startswith("state")]
    assert {(FACTS[look.fact][1], look.shown_by is not None) for look in motions} == {
        ("moving", True),
        ("at rest", False),
    }
