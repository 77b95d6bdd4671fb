"""Samples from labelled imagery: is there one, how many, where is the largest.

Every sample is turned, mirrored and lit in its own way; words of place are those of the turned picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.frames import PixelBox
from .data.compass import Compass
from .data.superlatives import SIZES, winner
from .imagery import FAMILIES, LabelledRaster
from .imagery_pictures import Augmented, any_window, shares_in, shows_something
from .imagery_wording import COUNT_FORMS, EXISTENCE_FORMS, NOUNS, SUPERLATIVES, WHERE_FORMS
from .landscape.wording import article, pick, with_aside
from .samples import (
    ANSWER_PROMPT,
    ZOOM_PROMPT,
    LookSettings,
    Sample,
    aimed_window,
    answer_text,
    box_text,
)

_ASKED_ON = {"ships": ("ship",), "buildings": ("building", "ship"), "trees": ("tree", "ship")}
_FAMILY_SHARES = (0.36, 0.36, 0.28)
_BUCKETS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 9), (10, 19), (20, 60))
"""Counts are drawn from these, each as likely."""
_IN, _OUT = 0.9, 0.1
"""Of an object's area: from so much on it lies in a window, up to so much it does not."""
_TRIES = 40
_UPRIGHT = Compass((0.0, -1.0), (1.0, 0.0), is_geographic=True)


def imagery_sample(index: int, rasters: tuple[LabelledRaster, ...], settings: LookSettings) -> Sample:
    """One sample; equal indices give equal samples. Existence 50 %, counts 28 %, where 22 %."""
    rng = np.random.default_rng([index, 78])
    while True:
        family = str(rng.choice(list(FAMILIES), p=_FAMILY_SHARES))
        members = [raster for raster in rasters if raster.family == family]
        raster = members[int(rng.integers(len(members)))]
        roll = rng.random()
        make = _existence if roll < 0.5 else _count if roll < 0.78 else _where
        sample = make(raster, rng, settings)
        if sample is not None:
            return sample


def _prompt(rng: np.random.Generator, words: str, *, may_zoom: bool) -> str:
    return (ZOOM_PROMPT if may_zoom else ANSWER_PROMPT).format(question=with_aside(words, rng))


def _words(rng: np.random.Generator, forms: tuple[str, ...], kind: str, most: str = "") -> str:
    options = NOUNS[kind]
    noun, nouns = options[0] if rng.random() < 0.7 else options[int(rng.integers(len(options)))]
    return pick(rng, forms).format(article=article(noun), noun=noun, nouns=nouns, most=most)


def _is_large(window: PixelBox, settings: LookSettings) -> bool:
    return max(window.width, window.height) > 1.2 * settings.minimum_crop_px


def _existence(raster: LabelledRaster, rng: np.random.Generator, settings: LookSettings) -> Sample | None:
    """Yes and no are equally likely; a window that an object only touches is neither."""
    is_there = bool(rng.random() < 0.5)
    kinds = _ASKED_ON[raster.family]
    kind = kinds[0] if is_there or rng.random() < 0.75 else kinds[-1]
    window = _existence_window(raster, rng, is_there, is_own=kind == FAMILIES[raster.family])
    if window is None:
        return None
    text = _words(rng, EXISTENCE_FORMS, kind)
    plural = NOUNS[kind][0][1]
    reply = answer_text(f"some {plural}" if is_there else "none", "yes" if is_there else "no")
    seen = Augmented(raster, window, rng, settings.side_px)
    aim = _existence_aim(raster, window, rng, is_there)
    if _is_large(window, settings) and rng.random() < 0.75:
        crop = aimed_window(aim, window, rng, settings.minimum_crop_px)
        pointing = _pointing(seen, aim, kind, f"find {kind}")
        target = aim if is_there else None
        looks = (seen.look(window, pointing, target), seen.look(crop, reply, target))
        return Sample(_prompt(rng, text, may_zoom=True), looks)
    # Of a large window no look from afar is the last word, unless the question asks for it.
    may_zoom = not _is_large(window, settings) and rng.random() < 0.6
    look = seen.look(window, reply, aim if is_there else None)
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


def _pointing(seen: Augmented, aim: PixelBox, label: str, thought: str) -> str:
    box = box_text(seen.box_in(aim, seen.window), label, seen.side_px)
    return f"<think>{thought}</think>{box}"


def _count(raster: LabelledRaster, rng: np.random.Generator, settings: LookSettings) -> Sample | None:
    """Answered from one view of the whole window: there is no place to look at."""
    if not raster.boxes:
        return None
    least, most = _BUCKETS[int(rng.integers(len(_BUCKETS)))]
    for _ in range(_TRIES):
        window = any_window(raster, rng, aimed=True)
        shares = shares_in(raster, window)
        inside = int(np.count_nonzero(shares >= _IN))
        cut = int(np.count_nonzero((shares > _OUT) & (shares < _IN)))
        if least <= inside <= most and cut <= inside // 10:
            break
    else:
        return None
    kind = FAMILIES[raster.family]
    seen = Augmented(raster, window, rng, settings.side_px)
    held = [raster.boxes[index] for index in np.flatnonzero(shares >= _IN)]
    look = seen.look(window, answer_text(f"{inside} {kind}", str(inside)), _hull(held))
    text = _words(rng, COUNT_FORMS, kind)
    return Sample(_prompt(rng, text, may_zoom=bool(rng.random() < 0.6)), (look,))


def _hull(boxes: list[PixelBox]) -> PixelBox:
    sides = np.array([box.to_json() for box in boxes])
    return PixelBox(*sides[:, :2].min(axis=0).tolist(), *sides[:, 2:].max(axis=0).tolist())


def _where(raster: LabelledRaster, rng: np.random.Generator, settings: LookSettings) -> Sample | None:
    """Point at the object that is the most so, then say in which part of the window it lies."""
    are_points = raster.family == "trees"
    sought = str(rng.choice([name for name in SUPERLATIVES if name not in SIZES or not are_points]))
    for _ in range(_TRIES):
        window = any_window(raster, rng, aimed=True)
        shares = shares_in(raster, window)
        if np.count_nonzero(shares >= _IN) < 2:
            continue
        seen = Augmented(raster, window, rng, settings.side_px)
        candidates = np.flatnonzero(shares > 0)
        boxes = np.array([seen.box_in(raster.boxes[index], window).to_json() for index in candidates])
        first = winner(boxes, sought, _UPRIGHT, margin_px=0.02 * max(seen.size_of(window)))
        if first is None or shares[candidates[first]] < _IN:
            continue
        place = _part(boxes[first], seen.size_of(window))
        if place is not None:
            return _where_sample(seen, raster.boxes[candidates[first]], sought, place, rng, settings)
    return None


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
    pointing = _pointing(seen, aim, kind, f"find {SUPERLATIVES[sought][0]} {kind} {place}")
    crop = aimed_window(aim, seen.window, rng, settings.minimum_crop_px)
    looks = (seen.look(seen.window, pointing, aim), seen.look(crop, answer_text(kind, place), aim))
    return Sample(_prompt(rng, _words(rng, WHERE_FORMS, kind, most), may_zoom=True), looks)
