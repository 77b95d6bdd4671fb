"""What one answer is worth, against numbers worked by hand; see also ``test_hand_worked.py``."""

from __future__ import annotations

import math
from typing import Any

import pytest
from zoomearth.benchmark import metrics
from zoomearth.benchmark.record import Mode, Record
from zoomearth.core.frames import PixelBox


def record(**changes: Any) -> Record:
    values: dict[str, Any] = {
        "question_id": "1",
        "mode": Mode.ACTIVE,
        "image": "a.tif",
        "question": "Which colour?",
        "level": "object",
        "type": "color/pattern",
        "truth": "red",
        "answer": "red",
        "box": PixelBox(45, 45, 55, 55),
        "extent": PixelBox(0, 0, 200, 200),
        "region": PixelBox(55, 45, 65, 55),
        "window": PixelBox(0, 0, 100, 100),
        "views": ((240, 240), (240, 240)),
        "visual_tokens": 200,
        "seconds": 1.0,
    }
    return Record(**{**values, **changes})


def test_iou_of_boxes_that_share_half() -> None:
    # 50 shared of 150.
    assert metrics.iou(PixelBox(0, 0, 10, 10), PixelBox(5, 0, 15, 10)) == pytest.approx(1 / 3)


def test_iou_of_strangers_and_of_nothing() -> None:
    assert metrics.iou(PixelBox(0, 0, 1, 1), PixelBox(2, 2, 3, 3)) == 0
    assert metrics.iou(PixelBox(0, 0, 0, 0), PixelBox(0, 0, 0, 0)) == 0


def test_a_question_without_a_box_has_no_iou() -> None:
    one = record(box=None)
    assert metrics.raw_iou(one) is None
    assert metrics.expanded_iou(one) is None
    assert metrics.holds_centre(one) is None


def test_a_missing_region_is_zero() -> None:
    assert metrics.raw_iou(record(region=None)) == 0
    assert metrics.expanded_iou(record(region=None)) == 0


def test_expanded_boxes() -> None:
    # Grown to 100 about (50, 50) and (60, 50) in 200 x 200: 90 of 110 columns are shared.
    assert metrics.expanded_iou(record(), 100) == pytest.approx(90 / 110)


def test_a_region_over_the_edge_is_grown_inside() -> None:
    # 190-230 is clipped to 190-200, centre 195, and grows to 100-200; the box to 0-100: strangers.
    assert metrics.expanded_iou(record(region=PixelBox(190, 45, 230, 55)), 100) == 0
    assert metrics.expanded_iou(record(region=PixelBox(300, 300, 400, 400)), 100) == 0


def test_a_window_holds_a_centre_half_open_and_only_after_a_zoom() -> None:
    assert metrics.holds_centre(record()) is True
    assert metrics.holds_centre(record(window=PixelBox(0, 0, 50, 100))) is False
    assert metrics.holds_centre(record(window=PixelBox(50, 50, 51, 51))) is True
    assert metrics.holds_centre(record(views=((240, 240),))) is False


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        (" Seven ", 7),
        ("7 ships", 7),
        ("there are no ships", 0),
        ("none", 0),
        ("1,200", 1200),
        ("twenty", 20),
        ("7 or 8", None),
        ("3.5", None),
        ("7 (seven)", 7),
        ("many", None),
        ("", None),
        ("two or 3", None),
        ("someone", None),
    ],
)
def test_the_number_that_an_answer_states(text: str, number: int | None) -> None:
    assert metrics.count_of(text) == number


def test_only_counting_questions_have_a_count() -> None:
    assert metrics.count_error(record(truth="3", answer="3")) is None
    assert metrics.is_count_near(record(truth="3", answer="3")) is None
    assert metrics.count_error(record(type="counting", truth="several", answer="3")) is None


@pytest.mark.parametrize(
    ("truth", "answer", "error", "is_near"),
    [
        ("4", "5", 1, True),
        ("4", "6", 2, False),
        ("0", "0", 0, True),
        ("0", "1", 1, False),
        ("3", "4", 1, False),
        ("12", "fifteen", 3, True),
        ("12", "a lot", math.inf, False),
    ],
)
def test_counts_within_a_quarter(truth: str, answer: str, error: float, is_near: bool) -> None:
    one = record(type="counting, ships", truth=truth, answer=answer)
    assert metrics.count_error(one) == error
    assert metrics.is_count_near(one) is is_near
