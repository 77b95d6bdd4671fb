"""Conversations about labelled imagery, in groups about one window: existence, counts, where the largest is.

Every group is turned, mirrored and lit in its own way; words of place are those of the turned picture.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core.frames import PixelBox
from .data.compass import Compass
from .data.superlatives import SIZES, winner
from .imagery import FAMILIES, LabelledRaster
from .imagery_pictures import Augmented, any_window, shares_in, shows_something
from .imagery_wording import COUNT_FORMS, EXISTENCE_FORMS, NOUNS, SUPERLATIVES, WHERE_FORMS
from .labels import fact_of
from .samples import (
    ANSWER_PROMPT,
    ZOOM_PROMPT,
    Group,
    Look,
    LookSettings,
    Sample,
    aimed_window,
    answer_text,
    box_text,
)
from .scenes.wording import article, pick, with_aside

_ASKED_ON = {"ships": ("ship",), "buildings": ("building", "ship"), "trees": ("tree", "ship")}
_FAMILY_SHARES = (0.36, 0.36, 0.28)
_BUCKETS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 9), (10, 19), (20, 60))
"""Counts are drawn from these, each as likely."""
_IN, _OUT = 0.9, 0.1
"""Of an object's area: from so much on it lies in a window, up to so much it does not."""
_TRIES = 40
_UPRIGHT = Compass((0.0, -1.0), (1.0, 0.0), is_geographic=True)


def imagery_group(index: int, rasters: tuple[LabelledRaster, ...], settings: LookSettings) -> Group:
    """One group; equal indices give equal groups.

    What leads it chooses the window: existence 50 %, counts 28 %, where 22 %; the others follow where the
    window allows them.
    """
    rng = np.random.default_rng([index, 78])
    while True:
        family = str(rng.choice(list(FAMILIES), p=_FAMILY_SHARES))
        members = [raster for raster in rasters if raster.family == family]
        raster = members[int(rng.integers(len(members)))]
        roll = rng.random()
        make = _led_by_existence if roll < 0.5 else _led_by_count if roll < 0.78 else _led_by_where
        group = make(raster, rng, settings)
        if group:
            return group


def _led_by_existence(raster: LabelledRaster, rng: np.random.Generator, settings: LookSettings) -> Group:
    """Yes and no are equally likely; a window that an object only touches is neither."""
    is_there = bool(rng.random() < 0.5)
    kinds = _ASKED_ON[raster.family]
    kind = kinds[0] if is_there or rng.random() < 0.75 else kinds[-1]
    window = _existence_window(raster, rng, is_there, is_own=kind == FAMILIES[raster.family])
    if window is None:
        return ()
    seen = Augmented(raster, window, rng, settings.side_px)
    first = _existence(seen, kind, rng, settings, is_there=is_there)
    return (first, *_counted(seen, rng, share=0.5), *_sought(seen, rng, settings, most=2))


def _led_by_count(raster: LabelledRaster, rng: np.random.Generator, settings: LookSettings) -> Group:
    if not raster.boxes:
        return ()
    least, most = _BUCKETS[int(rng.integers(len(_BUCKETS)))]
    for _ in range(_TRIES):
        window = any_window(raster, rng, aimed=True)
        if least <= int(np.count_nonzero(shares_in(raster, window) >= _IN)) <= most:
            seen = Augmented(raster, window, rng, settings.side_px)
            counted = _counted(seen, rng, share=1.0)
            if counted:
                return (*counted, *_sought(seen, rng, settings, most=2))
    return ()


def _led_by_where(raster: LabelledRaster, rng: np.random.Generator, settings: LookSettings) -> Group:
    for _ in range(_TRIES):
        window = any_window(raster, rng, aimed=True)
        if np.count_nonzero(shares_in(raster, window) >= _IN) < 2:
            continue
        seen = Augmented(raster, window, rng, settings.side_px)
        sought = _sought(seen, rng, settings, most=3)
        if sought:
            return (*sought, *_counted(seen, rng, share=0.5))
    return ()


def _prompt(rng: np.random.Generator, words: str, *, may_zoom: bool) -> str:
    return (ZOOM_PROMPT if may_zoom else ANSWER_PROMPT).format(question=with_aside(words, rng))


def _words(rng: np.random.Generator, forms: tuple[str, ...], kind: str, most: str = "") -> str:
    options = NOUNS[kind]
    noun, nouns = options[0] if rng.random() < 0.7 else options[int(rng.integers(len(options)))]
    return pick(rng, forms).format(article=article(noun), noun=noun, nouns=nouns, most=most)


def _is_large(window: PixelBox, settings: LookSettings) -> bool:
    return max(window.width, window.height) > 1.2 * settings.minimum_crop_px


def _existence(
    seen: Augmented, kind: str, rng: np.random.Generator, settings: LookSettings, *, is_there: bool
) -> Sample:
    raster, window = seen.raster, seen.window
    text = _words(rng, EXISTENCE_FORMS, kind)
    plural = NOUNS[kind][0][1]
    thought, answer = (f"some {plural}", "yes") if is_there else ("none", "no")
    aim = _existence_aim(raster, window, rng, is_there)
    target = aim if is_there else None
    if _is_large(window, settings) and rng.random() < 0.75:
        crop = aimed_window(aim, window, rng, settings.minimum_crop_px)
        pointing = _pointing(seen, aim, kind, f"find {kind}")
        reply = answer_text(thought, answer, _box_in(seen, crop, target, kind))
        looks = (seen.look(window, pointing, target), seen.look(crop, reply, target))
        return Sample(_prompt(rng, text, may_zoom=True), looks)
    # Of a large window no look from afar is the last word, unless the question asks for it.
    may_zoom = not _is_large(window, settings) and rng.random() < 0.6
    box = "" if _is_large(window, settings) else _box_in(seen, window, target, kind)
    look = seen.look(window, answer_text(thought, answer, box), target)
    return Sample(_prompt(rng, text, may_zoom=may_zoom), (look,))


def _existence_window(
    raster: LabelledRaster, rng: np.random.Generator, is_there: bool, *, is_own: bool
) -> PixelBox | None:
    if is_there and not raster.boxes:
        return None
    for _ in range(_TRIES):
        window = any_window(raster, rng, aimed=is_there)
        most = max(shares_in(raster, window), default=0.0) if is_own else 0.0
        if (most >= _IN if is_there else most == 0.0) and shows_something(raster.path, window):
            return window
    return None


def _existence_aim(
    raster: LabelledRaster, window: PixelBox, rng: np.random.Generator, is_there: bool
) -> PixelBox:
    """A large object; where there is none, any place."""
    if is_there:
        inside = [raster.boxes[index] for index in np.flatnonzero(shares_in(raster, window) >= _IN)]
        return max(inside, key=lambda box: box.area * rng.uniform(0.5, 1))
    across, down = rng.uniform(0.2, 0.8, 2) * (window.width, window.height)
    column, row = window.left + across, window.top + down
    return PixelBox(column - 8, row - 8, column + 8, row + 8)


def _box_in(seen: Augmented, window: PixelBox, target: PixelBox | None, kind: str) -> str:
    """Where an answer from near by was read; empty where there is nothing."""
    return box_text(seen.box_in(target, window), kind, seen.side_px) if target is not None else ""


def _pointing(seen: Augmented, aim: PixelBox, label: str, thought: str) -> str:
    box = box_text(seen.box_in(aim, seen.window), label, seen.side_px)
    return f"<think>{thought}</think>{box}"


def _counted(seen: Augmented, rng: np.random.Generator, *, share: float) -> tuple[Sample, ...]:
    """How many, for a share of the windows where that can be told; there is no one place to look at."""
    shares = shares_in(seen.raster, seen.window)
    inside = int(np.count_nonzero(shares >= _IN))
    cut = int(np.count_nonzero((shares > _OUT) & (shares < _IN)))
    if not 0 < inside <= _BUCKETS[-1][1] or cut > inside // 10 or rng.random() >= share:
        return ()
    kind = FAMILIES[seen.raster.family]
    held = [seen.raster.boxes[index] for index in np.flatnonzero(shares >= _IN)]
    look = seen.look(seen.window, answer_text(f"{inside} {kind}", str(inside)), _hull(held))
    look = replace(look, fact=fact_of("region counting", str(inside)))
    text = _words(rng, COUNT_FORMS, kind)
    return (Sample(_prompt(rng, text, may_zoom=bool(rng.random() < 0.6)), (look,)),)


def _hull(boxes: list[PixelBox]) -> PixelBox:
    sides = np.array([box.to_json() for box in boxes])
    return PixelBox(*sides[:, :2].min(axis=0).tolist(), *sides[:, 2:].max(axis=0).tolist())


def _sought(
    seen: Augmented, rng: np.random.Generator, settings: LookSettings, *, most: int
) -> tuple[Sample, ...]:
    """Point at the object that is the most so, then say in which part of the window it lies."""
    shares = shares_in(seen.raster, seen.window)
    if np.count_nonzero(shares >= _IN) < 2:
        return ()
    candidates = np.flatnonzero(shares > 0)
    boxes = np.array([seen.box_in(seen.raster.boxes[index], seen.window).to_json() for index in candidates])
    are_points = seen.raster.family == "trees"
    samples: list[Sample] = []
    for sought in rng.permutation([name for name in SUPERLATIVES if name not in SIZES or not are_points]):
        margin_px = 0.02 * max(seen.size_of(seen.window))
        first = winner(boxes, str(sought), _UPRIGHT, margin_px=margin_px)
        if first is None or shares[candidates[first]] < _IN:
            continue
        place = _part(boxes[first], seen.size_of(seen.window))
        if place is not None:
            aim = seen.raster.boxes[candidates[first]]
            samples.append(_where_sample(seen, aim, str(sought), place, rng, settings))
        if len(samples) == most:
            break
    return tuple(samples)


def _part(box: NDArray[np.float64], size: tuple[int, int]) -> str | None:
    center = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return _UPRIGHT.part(center, PixelBox(0, 0, size[0], size[1]))


def _where_sample(
    seen: Augmented,
    aim: PixelBox,
    sought: str,
    place: str,
    rng: np.random.Generator,
    settings: LookSettings,
) -> Sample:
    kind = FAMILIES[seen.raster.family]
    most = pick(rng, SUPERLATIVES[sought])
    thought = f"find {SUPERLATIVES[sought][0]} {kind} {place}"
    crop = aimed_window(aim, seen.window, rng, settings.minimum_crop_px)
    box = _box_in(seen, crop, aim, kind)
    if crop == seen.window:  # nothing would be larger in a second look
        looks: tuple[Look, ...] = (seen.look(crop, answer_text(thought, place, box), aim),)
    else:
        pointing = _pointing(seen, aim, kind, thought)
        looks = (
            seen.look(seen.window, pointing, aim),
            seen.look(crop, answer_text(kind, place, box), aim),
        )
    return Sample(_prompt(rng, _words(rng, WHERE_FORMS, kind, most), may_zoom=True), looks)
