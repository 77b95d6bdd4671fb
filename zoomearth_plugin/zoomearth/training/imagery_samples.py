"""Conversations about labelled imagery, in groups about one window: existence, counts, where the largest is.

Every group is turned, mirrored and lit in its own way; words of place are those of the turned picture.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..core.frames import PixelBox
from .data.compass import Compass
from .data.superlatives import SIZES, winner
from .imagery import FAMILIES, LabelledRaster
from .imagery_pictures import Augmented, any_window, shares_in, shows_something, striking_place
from .imagery_wording import COUNT_FORMS, EXISTENCE_FORMS, NOUNS, SUPERLATIVES, WHERE_FORMS
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
_FAMILY_SHARES = (0.34, 0.32, 0.34)
COUNT_STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 19, 24, 30, 38, 48, 60)
"""What is said of counts: the nearest of these in proportion, never off by more than a seventh.
The likeliest number would always be a small one: what is known of a large one spreads over many."""
_LEADS = (0.42, 0.34, 0.24)
"""How often existence, a count and a place lead a group."""
_CONTEXT_SHARE = 1.3
"""A thing is pointed at with a margin, its sides so many times as long."""
_NO_CLOSER = 0.8
"""A window of so much of the sides of the one before shows nothing closer."""
_MISSED = 0.35
"""So often a look from near by at what is there shows nothing, and the first look has to count."""
_IN, _OUT = 0.9, 0.1
"""Of an object's area: from so much on it lies in a window, up to so much it does not."""
_TRIES = 40
_UPRIGHT = Compass((0.0, -1.0), (1.0, 0.0), is_geographic=True)


def imagery_group(index: int, rasters: tuple[LabelledRaster, ...], settings: LookSettings) -> Group:
    """One group; equal indices give equal groups.

    What leads it chooses the window; the others follow where the window allows them.
    """
    rng = np.random.default_rng([index, 78])
    while True:
        family = str(rng.choice(list(FAMILIES), p=_FAMILY_SHARES))
        members = [raster for raster in rasters if raster.family == family]
        raster = members[int(rng.integers(len(members)))]
        leads = (_led_by_existence, _led_by_count, _led_by_where)
        make = leads[int(rng.choice(len(leads), p=_LEADS))]
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
    seen = Augmented(raster, window, rng, settings)
    first = _existence(seen, kind, rng, settings, is_there=is_there)
    return (first, *_counted(seen, rng, share=0.5), *_sought(seen, rng, settings, most=2))


def _led_by_count(raster: LabelledRaster, rng: np.random.Generator, settings: LookSettings) -> Group:
    if not raster.boxes:
        return ()
    wanted = COUNT_STEPS[int(rng.integers(len(COUNT_STEPS)))]
    for _ in range(_TRIES):
        window = any_window(raster, rng, aimed=True)
        if rounded_count(int(np.count_nonzero(shares_in(raster, window) >= _IN))) == wanted:
            seen = Augmented(raster, window, rng, settings)
            counted = _counted(seen, rng, share=1.0)
            if counted:
                return (*counted, *_sought(seen, rng, settings, most=2))
    return ()


def _led_by_where(raster: LabelledRaster, rng: np.random.Generator, settings: LookSettings) -> Group:
    for _ in range(_TRIES):
        window = any_window(raster, rng, aimed=True)
        if np.count_nonzero(shares_in(raster, window) >= _IN) < 2:
            continue
        seen = Augmented(raster, window, rng, settings)
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
    return max(window.width, window.height) > settings.minimum_crop_px


def _existence(
    seen: Augmented, kind: str, rng: np.random.Generator, settings: LookSettings, *, is_there: bool
) -> Sample:
    window = seen.window
    text = _words(rng, EXISTENCE_FORMS, kind)
    plural = NOUNS[kind][0][1]
    thought, answer = (f"some {plural}", "yes") if is_there else ("none", "no")
    aim = _existence_aim(seen, rng, is_there)
    target = aim if is_there else None
    around = _around(aim, window, settings)
    if around is not None and rng.random() < 0.75:
        crop = _aimed(around, window, rng, settings)
        pointing = _pointing(seen, around, kind, f"find {kind}")
        missed = _beside(seen, crop, rng) if is_there and rng.random() < _MISSED else None
        if missed is not None:
            crop, target = missed, None
        reply = answer_text(thought, answer, _box_in(seen, crop, target, kind))
        looks = (seen.look(window, pointing, aim if is_there else None), seen.look(crop, reply, target))
        return Sample(_prompt(rng, text, may_zoom=True), looks)
    # Of a large window no look from afar is the last word, unless the question asks for it.
    may_zoom = not _is_large(window, settings) and rng.random() < 0.6
    box = "" if _is_large(window, settings) else _box_in(seen, window, target, kind)
    look = seen.look(window, answer_text(thought, answer, box), target)
    return Sample(_prompt(rng, text, may_zoom=may_zoom), (look,))


def _beside(seen: Augmented, crop: PixelBox, rng: np.random.Generator) -> PixelBox | None:
    """A window of a crop's size without an object, as where the pointing missed; None for want of one."""
    across, down = seen.window.width - crop.width, seen.window.height - crop.height
    for _ in range(_TRIES):
        left = seen.window.left + round(rng.uniform(0, across))
        top = seen.window.top + round(rng.uniform(0, down))
        window = PixelBox(left, top, left + crop.width, top + crop.height)
        if max(shares_in(seen.raster, window), default=0.0) <= _OUT:
            return window
    return None


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


def _existence_aim(seen: Augmented, rng: np.random.Generator, is_there: bool) -> PixelBox:
    """A large object; where there is none, a place of an object's size that may be taken for one."""
    raster, window = seen.raster, seen.window
    if is_there:
        inside = [raster.boxes[index] for index in np.flatnonzero(shares_in(raster, window) >= _IN)]
        return max(inside, key=lambda box: box.area * rng.uniform(0.5, 1))
    usual = raster.boxes[int(rng.integers(len(raster.boxes)))] if raster.boxes else PixelBox(0, 0, 16, 16)
    for _ in range(_TRIES):
        place = striking_place(raster.path, window, max(usual.width, usual.height), rng)
        if not seen.hides(place):
            break
    return place


def _around(aim: PixelBox, window: PixelBox, settings: LookSettings) -> PixelBox | None:
    """What to point at in order to see a thing from near by; None where no closer view is worth it."""
    if not _is_large(window, settings):
        return None
    across, down = ((_CONTEXT_SHARE - 1) / 2 * side for side in (aim.width, aim.height))
    wide = PixelBox(aim.left - across, aim.top - down, aim.right + across, aim.bottom + down)
    around = wide.intersection(window)
    shown = around.grown_to(settings.minimum_crop_px, window)
    is_closer = min(shown.width / window.width, shown.height / window.height) < _NO_CLOSER
    return around if is_closer else None


def _aimed(around: PixelBox, window: PixelBox, rng: np.random.Generator, settings: LookSettings) -> PixelBox:
    return aimed_window(around, window, rng, settings.minimum_crop_px, spread=0.06)


def _box_in(seen: Augmented, window: PixelBox, target: PixelBox | None, kind: str) -> str:
    """Where an answer from near by was read; empty where there is nothing."""
    if target is None:
        return ""
    return box_text(seen.box_in(target.intersection(window), window), kind, seen.settings.side_px)


def _pointing(seen: Augmented, aim: PixelBox, label: str, thought: str) -> str:
    box = box_text(seen.box_in(aim, seen.window), label, seen.settings.side_px)
    return f"<think>{thought}</think>{box}"


def _counted(seen: Augmented, rng: np.random.Generator, *, share: float) -> tuple[Sample, ...]:
    """How many, for a share of the windows where that can be told; the answer is read from all of it."""
    shares = shares_in(seen.raster, seen.window)
    inside = int(np.count_nonzero(shares >= _IN))
    cut = int(np.count_nonzero((shares > _OUT) & (shares < _IN)))
    if not 0 < inside <= COUNT_STEPS[-1] or cut > inside // 10 or rng.random() >= share:
        return ()
    kind = FAMILIES[seen.raster.family]
    look = seen.look(seen.window, answer_text(f"find {kind}", str(rounded_count(inside))), seen.window)
    text = _words(rng, COUNT_FORMS, kind)
    return (Sample(_prompt(rng, text, may_zoom=bool(rng.random() < 0.6)), (look,)),)


def rounded_count(count: int) -> int:
    """The nearest of :data:`COUNT_STEPS` in proportion; 0 where there is nothing."""
    return min(COUNT_STEPS, key=lambda step: abs(math.log(step / count))) if count > 0 else 0


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
    around = _around(aim, seen.window, settings)
    if around is None:  # nothing would be larger in a second look
        box = "" if _is_large(seen.window, settings) else _box_in(seen, seen.window, aim, kind)
        looks: tuple[Look, ...] = (seen.look(seen.window, answer_text(thought, place, box), aim),)
    else:
        crop = _aimed(around, seen.window, rng, settings)
        looks = (
            seen.look(seen.window, _pointing(seen, around, kind, thought), aim),
            seen.look(crop, answer_text(kind, place, _box_in(seen, crop, aim, kind)), aim),
        )
    return Sample(_prompt(rng, _words(rng, WHERE_FORMS, kind, most), may_zoom=True), looks)
