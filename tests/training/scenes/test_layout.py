"""Scenes: exact truth, checked against the drawn pixels and by geometry of its own."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from zoomearth.core.frames import PixelBox, View
from zoomearth.training.scenes.drawing import draw
from zoomearth.training.scenes.layout import NINTHS, make_scene
from zoomearth.training.scenes.palette import PAINTS, SEASONS
from zoomearth.training.scenes.themes import THEMES
from zoomearth.training.scenes.things import FILLS, SITE_KINDS

SEEDS = range(5000, 5060)


@pytest.fixture(scope="module")
def scenes():
    return [make_scene(seed) for seed in SEEDS]


def _bounds(points: np.ndarray) -> PixelBox:
    return PixelBox(*points.min(axis=0), *points.max(axis=0))


def test_equal_seeds_give_equal_pixels_and_others_do_not() -> None:
    view = View(PixelBox(0, 0, 4096, 4096), (96, 96))
    first, again, other = (draw(make_scene(seed), view) for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_theme_and_season_comes_up(scenes) -> None:
    assert {scene.theme for scene in scenes} == set(THEMES)
    assert {scene.season for scene in scenes} == set(SEASONS)
    assert len({scene.gsd_m for scene in scenes}) == 4


def test_a_ninth_holds_one_thing_and_it_lies_there(scenes) -> None:
    for scene in scenes:
        things = [*scene.landmarks, *scene.sites]
        assert len({thing.ninth for thing in things}) == len(things)
        for thing in things:
            column, row = thing.box.center
            third = scene.size_px / 3
            assert (column // third, row // third) == (thing.ninth % 3, thing.ninth // 3)
            assert 0 <= thing.box.left < thing.box.right <= scene.size_px
            assert 0 <= thing.box.top < thing.box.bottom <= scene.size_px
            assert NINTHS[thing.ninth]


def test_nothing_lies_on_anything_else(scenes) -> None:
    for scene in scenes:
        grounds = [_bounds(one.plot_outline) if one.plot else one.box for one in scene.landmarks]
        grounds += [site.box for site in scene.sites]
        grounds += [_bounds(lake) for lake in scene.lakes if not _floats(scene, lake)]
        for index, one in enumerate(grounds):
            assert all(one.iou(other) == 0 for other in grounds[index + 1 :])


def _floats(scene, lake: np.ndarray) -> bool:
    return any(one.lake is lake for one in scene.landmarks)


def test_boxes_are_where_the_pixels_change(scenes) -> None:
    """A scene drawn with and without a thing differs inside its box, shadow and trail aside, and fills it."""
    checked = Counter()
    for scene in scenes:
        for landmark in scene.landmarks:
            if checked[landmark.kind] >= 2:
                continue
            checked[landmark.kind] += 1
            calm = replace(scene.light, shadow_share=0.0, noise=0.0)
            alone = replace(landmark, trail=None, companion=None)
            grey = replace(alone, thing=replace(alone.thing, paint="black" if alone.thing.paint else ""))
            window = landmark.box.grown_to(landmark.box.width + 40, scene.extent).snapped()
            view = View(window, (int(window.width), int(window.height)))
            others = [one for one in scene.landmarks if one is not landmark]
            with_it = draw(replace(scene, light=calm, landmarks=(*others, grey)), view)
            bare = replace(grey, thing=replace(grey.thing, half=(0.01, 0.01)))
            without = draw(replace(scene, light=calm, landmarks=(*others, bare)), view)
            changed = np.argwhere(np.abs(with_it.astype(int) - without).max(axis=2) > 4)
            (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0) + 1
            box = landmark.box
            found = np.array([left + window.left, top + window.top, right + window.left, bottom + window.top])
            # Outlines are filled to the nearest pixel; a thin tip may cover no pixel's middle.
            assert np.abs(found - np.array(box.to_json())).max() < 2.6, (landmark.kind, found, box)
    assert len(checked) == 11


def test_paint_is_what_the_pixels_show(scenes) -> None:
    shown = 0
    for scene in scenes:
        for landmark in scene.landmarks:
            if landmark.kind != "bus":
                continue
            column, row = landmark.box.center
            window = PixelBox(column - 2, row - 2, column + 2, row + 2)
            calm = replace(scene.light, haze=0.0, noise=0.0, contrast=1.0, brightness=0.0)
            pixels = draw(replace(scene, light=calm), View(window, (4, 4)))
            seen = np.median(pixels.reshape(-1, 3), axis=0)
            nearest = min(PAINTS, key=lambda name: float(np.abs(np.array(PAINTS[name]) - seen).sum()))
            assert nearest == landmark.thing.paint
            shown += 1
    assert shown >= 5


def test_companions_lie_on_the_side_that_is_told(scenes) -> None:
    told = Counter()
    for scene in scenes:
        for landmark in scene.landmarks:
            if landmark.companion is None:
                assert landmark.kind in ("ship", "sailboat", "rock")
                continue
            column, row = np.subtract(landmark.companion.center, landmark.box.center)
            # Degrees clockwise from north.
            bearing = math.degrees(math.atan2(column, -row)) % 360
            expected = {"north": 0, "east": 90, "south": 180, "west": 270}[landmark.side]
            assert min(abs(bearing - expected), 360 - abs(bearing - expected)) < 35
            assert landmark.companion.box.iou(landmark.box) == 0
            told[landmark.side] += 1
    assert len(told) == 4


def test_arrangements_by_their_geometry(scenes) -> None:
    told = Counter()
    for scene in scenes:
        for site in scene.sites:
            if not site.arrangement:
                continue
            centers = np.array([thing.center for thing in site.things])
            spread = np.linalg.svd(centers - centers.mean(axis=0), compute_uv=False)
            away = np.hypot(*(centers - centers.mean(axis=0)).T)
            is_row = spread[1] < 1e-6 * spread[0]
            is_circle = away.std() < 1e-6 * away.mean()
            told[site.arrangement] += 1
            if site.arrangement == "row":
                assert is_row
            elif site.arrangement == "circle":
                assert is_circle
            else:
                assert not is_row
                assert site.arrangement == "grid" or not is_circle
    assert set(told) == {"row", "grid", "circle", "scattered"}


def test_things_of_a_site_do_not_touch_and_lie_on_its_ground(scenes) -> None:
    for scene in scenes:
        for site in scene.sites:
            centers = np.array([thing.center for thing in site.things])
            for index, thing in enumerate(site.things):
                assert all(
                    math.dist(thing.center, other) > 0.9 * 2 * min(thing.half)
                    for other in centers[index + 1 :]
                )
                box, ground = thing.box, site.box
                assert ground.left <= box.left and box.right <= ground.right
                assert ground.top <= box.top and box.bottom <= ground.bottom


def test_lots_are_as_full_as_they_say(scenes) -> None:
    told = Counter()
    for scene in scenes:
        for site in scene.sites:
            if not SITE_KINDS[site.kind].is_lot:
                assert not site.fill
                assert 1 <= len(site.things) <= 6
                continue
            share = len(site.things) / len(site.places)
            assert {"empty": share == 0, "half full": 0.4 <= share <= 0.5, "full": share == 1}[site.fill]
            told[site.fill] += 1
    assert set(told) == set(FILLS)


@pytest.mark.parametrize("size_px", [511, 16385])
def test_sizes_outside_the_range_are_refused(size_px: int) -> None:
    with pytest.raises(ValueError, match="512 to 16384"):
        make_scene(0, size_px)


@pytest.mark.parametrize("size_px", [512, 16384])
def test_the_smallest_and_the_largest_scene(size_px: int) -> None:
    scene = make_scene(3, size_px)
    pixels = draw(scene, View(scene.extent, (64, 64)))
    assert pixels.std() > 3


def test_windows_fit_together(scenes) -> None:
    """A window drawn whole equals the same window drawn in two halves, at native resolution."""
    scene = scenes[0]
    whole = draw(scene, View(PixelBox(1000, 1200, 1256, 1328), (256, 128)))
    left = draw(scene, View(PixelBox(1000, 1200, 1128, 1328), (128, 128)))
    right = draw(scene, View(PixelBox(1128, 1200, 1256, 1328), (128, 128)))
    joined = np.concatenate([left, right], axis=1)
    # Lines of a width between pixels may fall differently at the seam.
    assert (np.abs(whole.astype(int) - joined).max(axis=2) > 8).mean() < 0.01
