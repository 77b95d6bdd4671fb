"""Rewards: worked by hand, and for any boxes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoomearth.core.errors import TrainingConfigError
from zoomearth.core.frames import PixelBox
from zoomearth.training.data.question import LabelledQuestion
from zoomearth.training.matching import is_strict_match
from zoomearth.training.rewards import (
    Outcome,
    RegionShape,
    RewardSettings,
    answer_reward,
    format_reward,
    iou_reward,
    is_wellformed,
    region_guided_reward,
    total_reward,
)

IMAGE = PixelBox(0, 0, 4096, 3000)
ZOOM = '<think>find the ship</think>[{"bbox_2d": [10, 20, 30, 40], "label": "ship"}]'
REPLY = "<think>a red ship</think><answer>red</answer>"
OUTCOME = Outcome((ZOOM, REPLY), "red", PixelBox(1000, 1000, 1100, 1100), zooms=1, is_wellformed=True)
QUESTION = LabelledQuestion("1", Path("a.tif"), "What colour is the ship?", "red", "object", "color/pattern")
SHAPES: list[RegionShape] = ["tanh", "sigmoid"]

sides = st.integers(0, 2000)
boxes = st.tuples(sides, sides, sides, sides).map(PixelBox.from_corners)
distances = st.floats(0, 1e7)
alphas = st.floats(1e-3, 1e5)
shapes = st.sampled_from(SHAPES)


def at_distance(across: float, down: float = 0.0) -> tuple[PixelBox, PixelBox]:
    """A box about (500, 500), and one of another size whose centre lies that far off."""
    return PixelBox(480 + across, 470 + down, 520 + across, 530 + down), PixelBox(400, 450, 600, 550)


class TestProtocol:
    @pytest.mark.parametrize(
        "turns",
        [
            (REPLY,),
            (ZOOM, REPLY),
            (ZOOM, ZOOM, REPLY),
            ("\n<think>a\nb</think>\n\n<answer>two\nlines</answer> ",),
            ('<think>x</think>[{"bbox_2d": [0, 0.5, 1, 2e2]}]', REPLY),
            ('<think>x</think>[{"bbox_2d": [0, 1, 2, 3]}]<answer>red</answer>',),
            (ZOOM, '<think>x</think> [{"bbox_2d": [0, 1, 2, 3]}] <answer>red</answer>'),
        ],
    )
    def test_kept(self, turns: tuple[str, ...]) -> None:
        assert is_wellformed(turns)

    @pytest.mark.parametrize(
        "turns",
        [
            (),
            ("",),
            (ZOOM,),
            (REPLY, REPLY),
            (REPLY, ZOOM),
            (ZOOM + REPLY,),
            ('<think>x</think>[{"bbox_2d": [0, 1, 2, 3]}]<answer>red</answer>', REPLY),
            ('<think>x</think>[{"bbox_2d": [0, 1, 2]}]<answer>red</answer>',),
            ('<think>x</think><answer>red</answer>[{"bbox_2d": [0, 1, 2, 3]}]',),
            (ZOOM, ZOOM),
            ("red",),
            ("<answer>red</answer>",),
            ("<think></think><answer>red</answer>",),
            ("<think>a</think><answer> </answer>",),
            ("<think>a</think><answer>red",),
            ("<think>a<answer>red</answer>",),
            ("<think>a</think>red<answer>red</answer>",),
            ("<think>a</think><answer>red</answer> indeed",),
            ("<think>a</think><answer>red</answer><answer>blue</answer>",),
            ("<think>a</think><think>b</think><answer>red</answer>",),
            ("<think>a<think>b</think><answer>red</answer>",),
            ("</think><think>a<answer>red</answer>",),
        ],
    )
    def test_not_kept(self, turns: tuple[str, ...]) -> None:
        assert not is_wellformed(turns)

    @pytest.mark.parametrize(
        "box",
        [
            "",
            "[]",
            "{}",
            "3",
            "[10, 20, 30, 40]",
            '{"bbox_2d": [10, 20, 30, 40]}',
            '[{"bbox_2d": [10, 20, 30]}]',
            '[{"bbox_2d": [10, 20, 30, "40"]}]',
            '[{"bbox_2d": [10, 20, 30, true]}]',
            '[{"bbox_2d": [10, 20, 30, NaN]}]',
            '[{"bbox_2d": [10, 20, 30, 1e999]}]',
            f'[{{"bbox_2d": [10, 20, 30, {"9" * 400}]}}]',
            f'[{{"bbox_2d": [10, 20, 30, {"9" * 9000}]}}]',
            '[{"bbox_2d": [30, 20, 10, 40]}]',
            '[{"bbox_2d": [10, 20, 10, 40]}]',
            '[{"bbox_2d": [10, 20, 30, 40], "label": 3}]',
            '[{"bbox_2d": [1, 2, 3, 4]}, {"bbox_2d": [1, 2, 3, 4]}]',
            '```json\n[{"bbox_2d": [10, 20, 30, 40]}]\n```',
            "[" * 200_000,
        ],
    )
    def test_what_is_no_box(self, box: str) -> None:
        assert not is_wellformed([f"<think>a</think>{box}", REPLY])

    @given(st.lists(st.text(max_size=30) | st.sampled_from([ZOOM, REPLY, "<think>", "</think>", "<answer>"])))
    def test_any_text_is_judged(self, turns: list[str]) -> None:
        assert is_wellformed(turns) in (True, False)
        assert not is_wellformed([*turns, "no answer"])

    def test_reward_is_one_or_nothing(self) -> None:
        assert format_reward(OUTCOME) == 1.0
        assert format_reward(replace(OUTCOME, is_wellformed=False)) == 0.0
        assert format_reward(replace(OUTCOME, truncated=True)) == 0.0
        assert format_reward(replace(OUTCOME, answer=None)) == 0.0
        assert format_reward(replace(OUTCOME, answer="wrong", box=None, zooms=0)) == 1.0


class TestAnswers:
    @pytest.mark.parametrize(
        ("answer", "worth"),
        [
            ("red", 1.0),
            (" RED ", 1.0),
            ("blue", 0.0),
            ("red.", 0.0),
            ("", 0.0),
            (None, 0.0),
            ("red" * 10**6, 0.0),
        ],
    )
    def test_by_hand(self, answer: str | None, worth: float) -> None:
        assert answer_reward(answer, "red", is_strict_match) == worth

    def test_the_scoring_that_was_asked_for_is_the_one_used(self) -> None:
        asked = []

        def matches(answer: str, truth: str) -> bool:
            asked.append((answer, truth))
            return True

        assert answer_reward("crimson", "red", matches) == 1.0
        assert answer_reward(None, "red", matches) == 0.0
        assert asked == [("crimson", "red")]


class TestIou:
    @pytest.mark.parametrize(
        ("box", "target", "iou"),
        [
            # Grown: (794, 794, 1306, 1306) and (894, 794, 1406, 1306), 412 × 512 shared.
            ((1000, 1000, 1100, 1100), (1100, 1000, 1200, 1100), 412 / 612),
            # Both shifted into the corner (0, 0, 512, 512).
            ((0, 0, 10, 10), (40, 60, 90, 80), 1.0),
            # (100, 2194, 4000, 2706), its length kept, about the whole of (794, 2194, 1306, 2706).
            ((100, 2400, 4000, 2500), (1000, 2400, 1100, 2500), 512 / 3900),
            # Neither grows: 300 × 600 shared of 2 × 600 × 600 - 300 × 600.
            ((0, 0, 600, 600), (300, 0, 900, 600), 1 / 3),
            # A point grows to (744, 744, 1256, 1256), shared with (794, 794, 1306, 1306): 462².
            ((1000, 1000, 1000, 1000), (1000, 1000, 1100, 1100), 462**2 / (2 * 512**2 - 462**2)),
            # Reaching over the edge: clipped to (0, 0, 100, 100), grown to the corner.
            ((-900, -900, 100, 100), (10, 10, 20, 20), 1.0),
            ((0, 0, 100, 100), (2000, 2000, 2100, 2100), 0.0),
            ((-300, -300, -100, -100), (0, 0, 100, 100), 0.0),  # wholly outside
            ((5000, 0, 5100, 100), (4000, 0, 4096, 100), 0.0),
        ],
    )
    def test_grown_boxes_by_hand(self, box: tuple[int, ...], target: tuple[int, ...], iou: float) -> None:
        assert iou_reward(PixelBox(*box), PixelBox(*target), 512, IMAGE) == pytest.approx(iou)

    def test_raw_boxes_where_nothing_grows(self) -> None:
        box, target = PixelBox(0, 0, 10, 10), PixelBox(5, 0, 15, 10)
        assert iou_reward(box, target, 0, IMAGE) == pytest.approx(50 / 150)
        assert iou_reward(PixelBox(5, 5, 5, 5), PixelBox(5, 5, 5, 5), 0, IMAGE) == 0.0

    def test_no_zoom_earns_nothing(self) -> None:
        assert iou_reward(None, PixelBox(0, 0, 10, 10), 512, IMAGE) == 0.0

    def test_a_small_image_is_the_whole_window(self) -> None:
        small = PixelBox(0, 0, 300, 200)
        assert iou_reward(PixelBox(0, 0, 5, 5), PixelBox(200, 100, 260, 190), 512, small) == 1.0

    def test_numbers_without_end_are_borne(self) -> None:
        huge = PixelBox(-1.7e308, -1.7e308, 1.7e308, 1.7e308)
        assert iou_reward(huge, IMAGE, 512, IMAGE) == 1.0

    @given(boxes, boxes, st.integers(0, 3000))
    def test_bounds_and_symmetry(self, box: PixelBox, target: PixelBox, minimum_px: int) -> None:
        worth = iou_reward(box, target, minimum_px, IMAGE)
        assert 0 <= worth <= 1 + 1e-9
        assert worth == pytest.approx(iou_reward(target, box, minimum_px, IMAGE))

    @given(boxes, st.integers(1, 3000))
    def test_the_truth_itself_earns_all(self, box: PixelBox, minimum_px: int) -> None:
        assert iou_reward(box, box, minimum_px, IMAGE) == pytest.approx(1)

    @given(boxes, boxes, st.integers(0, 600), st.integers(-5000, 5000), st.integers(-5000, 5000))
    def test_only_relative_places_count(
        self, box: PixelBox, target: PixelBox, minimum_px: int, across: int, down: int
    ) -> None:
        moved = [
            PixelBox(one.left + across, one.top + down, one.right + across, one.bottom + down)
            for one in (box, target, IMAGE)
        ]
        there = iou_reward(moved[0], moved[1], minimum_px, moved[2])
        assert there == pytest.approx(iou_reward(box, target, minimum_px, IMAGE), abs=1e-9)


class TestRegionGuided:
    @pytest.mark.parametrize(
        ("across", "down", "tanh", "sigmoid"),
        [
            # tanh(200 / d); 2 / (1 + exp(-200 / d)) - 1
            (0, 0, 1.0, 1.0),
            (60, 80, 0.9640276, 0.7615942),  # d = 100: tanh(2), 2 / (1 + 0.1353353) - 1
            (200, 0, 0.7615942, 0.4621172),  # tanh(1), 2 / (1 + 0.3678794) - 1
            (0, -400, 0.4621172, 0.2449187),  # tanh(0.5), 2 / (1 + 0.6065307) - 1
            (1200, 1600, 0.0996680, 0.0499584),  # d = 2000: tanh(0.1), 2 / (1 + 0.9048374) - 1
        ],
    )
    def test_by_hand(self, across: float, down: float, tanh: float, sigmoid: float) -> None:
        box, target = at_distance(across, down)
        assert region_guided_reward(box, target, 200, "tanh") == pytest.approx(tanh, abs=1e-7)
        assert region_guided_reward(box, target, 200, "sigmoid") == pytest.approx(sigmoid, abs=1e-7)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_extremes(self, shape: RegionShape) -> None:
        target = PixelBox(0, 0, 10, 10)
        assert region_guided_reward(None, target, 200, shape) == 0.0
        huge = PixelBox(1.6e308, 1.6e308, 1.7e308, 1.7e308)  # its centre overflows
        assert region_guided_reward(huge, target, 200, shape) == 0.0
        assert region_guided_reward(target, target, 1e308, shape) == 1.0

    @given(distances, distances, alphas, shapes)
    def test_nearer_is_never_worse(self, one: float, other: float, alpha: float, shape: RegionShape) -> None:
        near, far = sorted([one, other])
        worths = [region_guided_reward(*at_distance(d), alpha, shape) for d in (near, far)]
        assert 1 >= worths[0] >= worths[1] >= 0

    @given(st.floats(100, 5000), st.floats(1, 500), shapes)
    def test_a_pixel_nearer_is_better(self, distance: float, alpha: float, shape: RegionShape) -> None:
        nearer = region_guided_reward(*at_distance(distance - 1), alpha, shape)
        assert nearer > region_guided_reward(*at_distance(distance), alpha, shape) > 0

    @given(distances, alphas, st.floats(1, 100), shapes)
    def test_a_larger_alpha_never_pays_less(
        self, distance: float, alpha: float, factor: float, shape: RegionShape
    ) -> None:
        pair = at_distance(distance)
        assert region_guided_reward(*pair, alpha * factor, shape) >= region_guided_reward(*pair, alpha, shape)

    @given(boxes, boxes, st.integers(-5000, 5000), st.integers(-5000, 5000), shapes)
    def test_only_the_distance_counts(
        self, box: PixelBox, target: PixelBox, across: int, down: int, shape: RegionShape
    ) -> None:
        moved = [
            PixelBox(one.left + across, one.top + down, one.right + across, one.bottom + down)
            for one in (box, target)
        ]
        worth = region_guided_reward(box, target, 200, shape)
        assert region_guided_reward(moved[0], moved[1], 200, shape) == pytest.approx(worth)
        assert region_guided_reward(target, box, 200, shape) == pytest.approx(worth)

    @given(distances, alphas)
    def test_the_sigmoid_is_the_tanh_of_half_alpha(self, distance: float, alpha: float) -> None:
        pair = at_distance(distance)
        sigmoid = region_guided_reward(*pair, alpha, "sigmoid")
        assert sigmoid == pytest.approx(region_guided_reward(*pair, alpha / 2, "tanh"))


class TestTotals:
    def test_by_hand(self) -> None:
        # Centres (1050, 1050) and (1150, 1050): d = 100; grown boxes share 412 of 612 columns.
        question = replace(QUESTION, box=PixelBox(1100, 1000, 1200, 1100))
        rewards = total_reward(OUTCOME, question, IMAGE, RewardSettings(), is_strict_match)
        assert (rewards.format, rewards.answer) == (1.0, 1.0)
        assert rewards.iou == pytest.approx(0.6732026) and rewards.region == pytest.approx(0.9640276)
        assert rewards.total == pytest.approx(0.05 + 1 + 0.6732026 + 0.9640276)

    def test_weights_count_and_parts_of_weight_nothing_are_still_told(self) -> None:
        question = replace(QUESTION, box=PixelBox(1100, 1000, 1200, 1100))
        settings = RewardSettings(0.5, 2.0, 0.0, 0.0, shape="sigmoid")
        rewards = total_reward(OUTCOME, question, IMAGE, settings, is_strict_match)
        assert rewards.total == pytest.approx(0.5 + 2)
        assert rewards.iou == pytest.approx(0.6732026) and rewards.region == pytest.approx(0.7615942)

    def test_a_global_question_neither_pays_for_a_zoom_nor_punishes_it(self) -> None:
        zoomed = total_reward(OUTCOME, QUESTION, IMAGE, RewardSettings(), is_strict_match)
        stayed = replace(OUTCOME, turns=(REPLY,), box=None, zooms=0)
        assert zoomed == total_reward(stayed, QUESTION, IMAGE, RewardSettings(), is_strict_match)
        assert (zoomed.iou, zoomed.region) == (None, None)
        assert zoomed.total == pytest.approx(1.05)

    def test_who_never_zoomed_earns_the_answer_alone(self) -> None:
        stayed = replace(OUTCOME, turns=(REPLY,), box=None, zooms=0)
        question = replace(QUESTION, box=PixelBox(1100, 1000, 1200, 1100))
        rewards = total_reward(stayed, question, IMAGE, RewardSettings(), is_strict_match)
        assert (rewards.iou, rewards.region) == (0.0, 0.0) and rewards.total == pytest.approx(1.05)

    def test_babble_earns_nothing(self) -> None:
        babble = Outcome(("x" * 10**6,), None, None, zooms=0, is_wellformed=False, truncated=True)
        question = replace(QUESTION, box=PixelBox(1100, 1000, 1200, 1100))
        rewards = total_reward(babble, question, IMAGE, RewardSettings(), is_strict_match)
        assert rewards.total == 0.0

    def test_the_minimum_crop_and_alpha_are_those_of_the_settings(self) -> None:
        question = replace(QUESTION, box=PixelBox(1050, 1000, 1150, 1100))  # d = 50
        settings = RewardSettings(minimum_crop_px=0, alpha=50)
        rewards = total_reward(OUTCOME, question, IMAGE, settings, is_strict_match)
        assert rewards.iou == pytest.approx(1 / 3) and rewards.region == pytest.approx(math.tanh(1))


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("format_weight", -0.1),
            ("answer_weight", math.inf),
            ("iou_weight", math.nan),
            ("region_weight", -math.inf),
            ("minimum_crop_px", -1),
            ("alpha", 0),
            ("alpha", math.nan),
            ("shape", "cosine"),
            ("answer_match", "Strict"),
        ],
    )
    def test_what_is_no_setting_is_named(self, name: str, value: object) -> None:
        with pytest.raises(TrainingConfigError, match=name):
            RewardSettings(**{name: value})  # type: ignore[arg-type]
