"""Scores against numbers worked by hand."""

from __future__ import annotations

import pytest
from zoomearth.benchmark.metrics import Scored, expanded_iou, iou, mean_iou
from zoomearth.core.frames import PixelBox


def scored(**changes: object) -> Scored:
    values = {
        "group": "colour",
        "truth": "red",
        "answer": "Red ",
        "target": PixelBox(0, 0, 10, 10),
        "region": PixelBox(5, 0, 15, 10),
        "window": PixelBox(0, 0, 100, 100),
        "seconds": 1.0,
    }
    return Scored(**{**values, **changes})  # type: ignore[arg-type]


def test_iou_of_boxes_that_share_half() -> None:
    # 50 shared of 150.
    assert iou(PixelBox(0, 0, 10, 10), PixelBox(5, 0, 15, 10)) == pytest.approx(1 / 3)


def test_iou_of_strangers_and_of_nothing() -> None:
    assert iou(PixelBox(0, 0, 1, 1), PixelBox(2, 2, 3, 3)) == 0
    assert iou(PixelBox(0, 0, 0, 0), PixelBox(0, 0, 0, 0)) == 0


def test_exact_match_forgives_case_and_space_only() -> None:
    assert scored().is_exact
    assert not scored(answer="dark red").is_exact


def test_a_window_holds_a_centre_half_open() -> None:
    assert scored().holds_target
    assert not scored(window=PixelBox(0, 0, 5, 5)).holds_target
    assert not scored(region=None).holds_target


def test_mean_iou_counts_missing_regions_as_zero() -> None:
    pair = [scored(), scored(region=None)]
    assert mean_iou(pair) == pytest.approx(1 / 6)


def test_expanded_boxes() -> None:
    # Grown to 100 about (50, 50) and (60, 50) in 200 x 200: 90 of 110 columns are shared.
    one = scored(target=PixelBox(45, 45, 55, 55), region=PixelBox(55, 45, 65, 55))
    assert expanded_iou([one], 100, PixelBox(0, 0, 200, 200)) == pytest.approx(90 / 110)
