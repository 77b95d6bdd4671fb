"""Questions whose answers follow from labelled imagery: is there one, how many, where is the largest.

Each is asked about a window of a raster, its area, or about the whole raster. Labels are complete only
for a folder's own class, so nothing else is asked there. So that no wording gives an answer away,
questions of existence come in pairs: the same words about two windows of one size, of which one holds
a labelled object and the other does not even touch one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import DataInvalidError
from ...core.frames import PixelBox
from ..imagery import FAMILIES, LabelledRaster
from ..imagery_wording import COUNT_FORMS, EXISTENCE_FORMS, NOUNS, WHERE_FORMS
from ..scenes.wording import article
from .boxes import hull
from .compass import Compass, compass_of
from .cropping import crop
from .images import Images
from .labels import checked_rasters
from .question import LabelledQuestion
from .superlatives import DIRECTIONS, SIZES, winner

_SIDES_PX = {"ships": (120, 1100), "buildings": (300, 2048), "trees": (48, 256)}
"""Shortest and longest side of a window."""
_BUCKETS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 9), (10, 19), (20, 10_000))
"""Counts are drawn from these in turn, so that no number is the usual answer."""
_IN, _OUT = 0.9, 0.1
"""Of an object's area: from so much on it lies in a window, up to so much it does not."""
_TRIES = 60
_COUNT_TRIES = 400
"""Windows that cut no object are rare where objects stand close."""
_LOOK_PX = 64
_LEAST_DATA = 0.7


@dataclass(frozen=True, eq=False)
class _Ground:
    """A raster to ask about.

    Args:
        boxes: (objects, 4) left, top, right, bottom, native pixels, clipped to the raster.
        are_points: Whether the labels have no size of their own.
    """

    labelled: LabelledRaster
    extent: PixelBox
    compass: Compass
    boxes: NDArray[np.float64]
    are_points: bool

    def shares(self, window: PixelBox) -> NDArray[np.float64]:
        """How much of each object lies in a window, 0 to 1."""
        left, top, right, bottom = self.boxes.T
        across = np.minimum(right, window.right) - np.maximum(left, window.left)
        down = np.minimum(bottom, window.bottom) - np.maximum(top, window.top)
        inside = np.maximum(across, 0) * np.maximum(down, 0)
        shares: NDArray[np.float64] = inside / np.maximum((right - left) * (bottom - top), 1e-9)
        return shares

    def box(self, index: int) -> PixelBox:
        return PixelBox(*(float(side) for side in self.boxes[index]))


@dataclass(frozen=True)
class _Found:
    """A window with the answer to a question about it."""

    ground: _Ground
    window: PixelBox
    answer: str
    box: PixelBox | None


def read_labelled_rasters(
    folder: Path, *, held_out: bool = False, seed: int = 0, count: int = 1200
) -> list[LabelledQuestion]:
    """Derive questions from a folder of labelled imagery; the same seed gives the same questions.

    Args:
        folder: With ``ships/``, ``buildings/`` and ``trees/``; see :mod:`..imagery`.
        held_out: The places that no training sees, instead of the others.
        seed: Of windows and wordings.
        count: About how many: a third each of existence, count and superlatives, families alike. Fewer
            where windows that fit are rare.

    Raises:
        DataInvalidError: There is no labelled raster, or label files are bad: up to ten rows are named.
    """
    images = Images([])
    grounds = [_ground(raster, images) for raster in checked_rasters(folder, held_out=held_out)]
    split = "test" if held_out else "train"
    questions: list[LabelledQuestion] = []
    families = [family for family in FAMILIES if any(one.labelled.family == family for one in grounds)]
    each = max(2, count // (3 * len(families)))
    for family in families:
        rng = np.random.default_rng([seed, 90, list(FAMILIES).index(family)])
        members = [ground for ground in grounds if ground.labelled.family == family]
        asked = [
            *_existence(members, rng, each // 2),
            *_counts(members, rng, each),
            *_where(members, rng, each),
        ]
        questions.extend(
            replace(question, question_id=f"{split}-{seed}-{family}-{number}", split=split)
            for number, question in enumerate(asked)
        )
    if not questions:
        raise DataInvalidError(f"{folder} holds no labelled object", "Choose imagery with labels.")
    return questions


def _ground(raster: LabelledRaster, images: Images) -> _Ground:
    grid = images.grid(raster.path)
    boxes = np.array([box.to_json() for box in raster.boxes], np.float64).reshape(-1, 4)
    sizes = np.round(boxes[:, 2:] - boxes[:, :2], 6)
    limits = np.array([grid.extent.right, grid.extent.bottom] * 2)
    are_points = raster.family == "trees" or (len(boxes) > 1 and len(np.unique(sizes)) == 1)
    return _Ground(raster, grid.extent, compass_of(grid), np.clip(boxes, 0, limits), are_points)


def _existence(members: list[_Ground], rng: np.random.Generator, pairs: int) -> Iterator[LabelledQuestion]:
    for number in range(pairs):
        words = _wording(members, EXISTENCE_FORMS[number % len(EXISTENCE_FORMS)], rng)
        pair = _pair(members, rng)
        if pair is not None:
            order = (0, 1) if rng.random() < 0.5 else (1, 0)
            yield from (_asked(pair[index], words, "region", "existence") for index in order)


def _pair(members: list[_Ground], rng: np.random.Generator) -> tuple[_Found, _Found] | None:
    """Two windows of one size in one raster, without and with an object; None when none were found."""
    labelled = [ground for ground in members if len(ground.boxes)]
    for _ in range(_TRIES if labelled else 0):
        ground = labelled[int(rng.integers(len(labelled)))]
        empty = _window(ground, rng)
        if ground.shares(empty).max() > 0 or not _shows_something(ground, empty):
            continue
        for _ in range(_TRIES):
            window = _window(ground, rng, size=(empty.width, empty.height))
            shares = ground.shares(window)
            if shares.max() >= _IN:
                inside = np.flatnonzero(shares >= _IN)
                largest = ground.box(int(inside[np.argmax(_areas(ground.boxes[inside]))]))
                return _Found(ground, empty, "no", None), _Found(ground, window, "yes", largest)
    return None


def _counts(members: list[_Ground], rng: np.random.Generator, count: int) -> Iterator[LabelledQuestion]:
    labelled = [ground for ground in members if len(ground.boxes)]
    wholes: set[Path] = set()
    for number in range(count if labelled else 0):
        words = _wording(members, COUNT_FORMS[number % len(COUNT_FORMS)], rng)
        bucket = _BUCKETS[number % len(_BUCKETS)]
        for _ in range(_COUNT_TRIES):
            ground = labelled[int(rng.integers(len(labelled)))]
            is_whole = bool(rng.random() < 0.05) and ground.labelled.path not in wholes
            found = _counted(ground, ground.extent if is_whole else _window(ground, rng), bucket)
            if found is not None:
                if found.window == ground.extent:  # asked once: its number is no wording's answer
                    wholes.add(ground.labelled.path)
                yield _asked(found, words, "region", "counting")
                break


def _counted(ground: _Ground, window: PixelBox, bucket: tuple[int, int]) -> _Found | None:
    """How many objects a window holds; None where the number is out of the bucket, or no clear one."""
    shares = ground.shares(window)
    inside = np.flatnonzero(shares >= _IN)
    # Objects on the edge are one more or one less: at most a tenth of the answer.
    cut = int(np.count_nonzero((shares > _OUT) & (shares < _IN)))
    if not bucket[0] <= len(inside) <= bucket[1] or cut > len(inside) // 10:
        return None
    around = hull([ground.box(int(index)) for index in inside]).intersection(window)
    return _Found(ground, window, str(len(inside)), around)


def _where(members: list[_Ground], rng: np.random.Generator, count: int) -> Iterator[LabelledQuestion]:
    labelled = [ground for ground in members if len(ground.boxes) > 1]
    for number in range(count if labelled else 0):
        for _ in range(_TRIES):
            ground = labelled[int(rng.integers(len(labelled)))]
            superlatives = DIRECTIONS if ground.are_points else (*DIRECTIONS, *SIZES)
            sought = superlatives[number % len(superlatives)]
            found = _placed(ground, _window(ground, rng), sought)
            if found is not None:
                form = WHERE_FORMS[number // len(superlatives) % len(WHERE_FORMS)]
                words = _wording(members, form, rng, most=ground.compass.superlative(sought))
                yield _asked(found, words, "object", "relative position/context")
                break


def _placed(ground: _Ground, window: PixelBox, sought: str) -> _Found | None:
    """The part of a window in which the object lies that is the most so; None where that is not clear."""
    index = _winner(ground, window, sought)
    if index is None:
        return None
    box = ground.box(index)
    part = ground.compass.part(box.center, window)
    return _Found(ground, window, part, box.intersection(window)) if part else None


def _winner(ground: _Ground, window: PixelBox, sought: str) -> int | None:
    """The object that is the most so in a window; None without one that is clearly so and wholly inside."""
    shares = ground.shares(window)
    seen = np.flatnonzero(shares > 0)
    if np.count_nonzero(shares >= _IN) < 2:
        return None
    limits = np.array(window.to_json())
    pieces = ground.boxes[seen].copy()
    pieces[:, :2] = np.maximum(pieces[:, :2], limits[:2])
    pieces[:, 2:] = np.minimum(pieces[:, 2:], limits[2:])
    first = winner(pieces, sought, ground.compass, margin_px=0.02 * max(window.width, window.height))
    if first is None or shares[seen[first]] < _IN:
        return None
    return int(seen[first])


def _window(ground: _Ground, rng: np.random.Generator, size: tuple[float, float] | None = None) -> PixelBox:
    """A window in whole pixels: of the given size about some object, else of any size, half of them so."""
    columns, rows = ground.extent.right, ground.extent.bottom
    is_aimed = size is not None or rng.random() < 0.5
    if size is None:
        shortest, longest = _SIDES_PX[ground.labelled.family]
        most = min(longest, max(columns, rows))
        side = math.exp(rng.uniform(math.log(min(shortest, most)), math.log(most)))
        aspect = math.exp(rng.uniform(-0.6, 0.6))
        size = (min(round(side * aspect**0.5), columns), min(round(side / aspect**0.5), rows))
    width, height = size
    left, top = rng.uniform(0, columns - width), rng.uniform(0, rows - height)
    if is_aimed and len(ground.boxes):
        aim = ground.box(int(rng.integers(len(ground.boxes)))).center
        across, down = rng.uniform(0.1, 0.9, 2)
        left = min(max(0.0, aim[0] - across * width), columns - width)
        top = min(max(0.0, aim[1] - down * height), rows - height)
    left, top = math.floor(left), math.floor(top)
    return PixelBox(left, top, left + width, top + height)


def _shows_something(ground: _Ground, window: PixelBox) -> bool:
    """Whether a window is mostly imagery, not the empty black of a mosaic's edge."""
    return bool((crop(ground.labelled.path, window, _LOOK_PX).max(axis=2) > 8).mean() > _LEAST_DATA)


def _wording(members: list[_Ground], form: str, rng: np.random.Generator, most: str = "") -> str:
    forms = NOUNS[FAMILIES[members[0].labelled.family]]
    noun, nouns = forms[0] if rng.random() < 0.6 else forms[int(rng.integers(len(forms)))]
    return form.format(article=article(noun), noun=noun, nouns=nouns, most=most)


def _asked(found: _Found, words: str, level: str, kind: str) -> LabelledQuestion:
    """The question; its id and split come later."""
    is_whole = found.window == found.ground.extent
    return LabelledQuestion(
        question_id="",
        image=found.ground.labelled.path,
        question=words,
        answer=found.answer,
        level="global" if is_whole and kind == "counting" else level,
        type=kind,
        box=found.box,
        area=None if is_whole else found.window,
    )


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    areas: NDArray[np.float64] = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas
