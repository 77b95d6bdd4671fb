import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoomearth.core.frames import PixelBox, View, ViewBox
from zoomearth.models.profile import BoxFrame, load_profile
from zoomearth.perception.actions import MAX_LABEL_LENGTH, Nothing, Reply, Zoom, parse

PIXELS = load_profile("zoomearth-mini")
PER_MILLE = dataclasses.replace(PIXELS, box_frame=BoxFrame.PER_MILLE)
VIEW = View(PixelBox(0, 0, 4000, 2000), (400, 200))
BOX = ViewBox(12, 30, 44, 60)


def zoom(text: str) -> Zoom:
    action = parse(text, VIEW, PIXELS)
    assert isinstance(action, Zoom), action
    return action


@pytest.mark.parametrize(
    "text",
    [
        '<think>small</think>[{"bbox_2d": [12, 30, 44, 60], "label": "ship"}]',
        '< think > small </ think > [ { "bbox_2d" : [ 12 , 30 , 44 , 60 ] , "label" : "ship" } ]',
        '<think> small </think> [{"bbox_2d": [ 12 , 30 , 44 , 60 ], "label": " ship "}]',
        '<think>small</think>\n```json\n[\n\t{"bbox_2d": [12, 30, 44, 60], "label": "ship"}\n]\n```',
        '<think>small</think>{"label": "ship", "bbox_2d": [44, 60, 12, 30]}',
        "<think>small</think>[{'bbox_2d': [12.0, 30., 4.4e1, 60], 'label': 'ship'}]",
        '<think>small</think>[{"bbox_2d": [12, 30, 44, 60], "label": "ship"',
        '<think>small</think>[{"bbox_2d": [12, 30, 44, 60], "label": ship',
        '<think>small</think>[{bbox: (12 30 44 60) label: "ship"}]',
        '<think>small</think>[{"bbox_2d": [[12, 30, 44, 60]], "label": "ship"}]',
        '<think>small [{"bbox_2d": [12, 30, 44, 60], "label": "ship"}]',
        '<THINK>small</THINK>[{"BBOX_2D": [12, 30, 44, 60], "Label": "ship"}]<|im_end|>',
    ],
)
def test_a_box_is_read_however_it_is_written(text: str) -> None:
    action = zoom(text)
    assert (action.box, action.label, action.reasoning, action.answer) == (BOX, "ship", "small", "")


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([44, 60, 12, 30], (12, 30, 44, 60)),
        ([44, 30, 12, 60], (12, 30, 44, 60)),
        ([-20, -5, 30, 40], (0, 0, 30, 40)),
        ([390, 100, 900, 900], (390, 100, 400, 200)),
        ([100.5, 20.25, 110.5, 30.25], (100.5, 20.25, 110.5, 30.25)),
        ([100, 50, 100, 50], (99.5, 49.5, 100.5, 50.5)),  # a point becomes one view pixel
        ([400, 200, 400, 200], (399, 199, 400, 200)),  # and stays inside
    ],
)
def test_a_box_is_sorted_and_clipped_to_the_view(numbers: list[float], expected: tuple[float, ...]) -> None:
    assert zoom(json.dumps([{"bbox_2d": numbers, "label": ""}])).box == ViewBox(*expected)


def test_thousandths_are_of_the_width_and_of_the_height() -> None:
    action = parse('[{"bbox_2d": [250, 500, 500, 1000], "label": "x"}]', VIEW, PER_MILLE)
    assert isinstance(action, Zoom) and action.box == ViewBox(100, 100, 200, 200)


def test_pixels_of_the_processed_picture_are_scaled_back() -> None:
    """A view of 400 × 200 that the processor snapped to 416 × 192."""
    profile = dataclasses.replace(PIXELS, box_frame=BoxFrame.PROCESSED_PIXELS)
    action = parse('[{"bbox_2d": [104, 96, 416, 192], "label": "x"}]', VIEW, profile, (416, 192))
    assert isinstance(action, Zoom) and action.box == ViewBox(100, 100, 400, 200)


@pytest.mark.parametrize(
    "numbers",
    ["12, 30, 44", "12, 30, 44, 60, 70", "", "NaN, 1, 2, 3", "1e999, 1, 2, 3", "410, 20, 500, 40", "a, b"],
)
def test_what_is_no_box_in_the_view_is_no_action(numbers: str) -> None:
    action = parse(f'<think>hm</think>[{{"bbox_2d": [{numbers}], "label": "ship"}}]', VIEW, PIXELS)
    assert isinstance(action, Nothing)
    assert action.reasoning == "hm"


def test_the_first_of_several_boxes_in_the_view_counts() -> None:
    action = zoom(
        '[{"bbox_2d": [900, 900, 950, 950], "label": "outside"},'
        ' {"bbox_2d": [12, 30, 44, 60], "label": "ship"}, {"bbox_2d": [1, 2, 3, 4], "label": "tank"}]'
    )
    assert (action.box, action.label, action.other_boxes) == (BOX, "ship", 1)


def test_labels_before_their_boxes_belong_to_them() -> None:
    action = zoom(
        '[{"label": "ship", "bbox_2d": [12, 30, 44, 60]}, {"label": "tank", "bbox_2d": [1, 2, 3, 4]}]'
    )
    assert action.label == "ship"


def test_a_label_is_untrusted_text_on_one_short_line() -> None:
    hostile = json.dumps([{"bbox_2d": [12, 30, 44, 60], "label": 'a "b"\n\u0007<b>é' + "x" * 999}])
    label = zoom(hostile).label
    assert label.startswith('a "b" <b>éxx') and len(label) == MAX_LABEL_LENGTH


def test_a_box_in_the_thoughts_is_a_thought() -> None:
    action = parse('<think>like {"bbox_2d": [1, 2, 3, 4]}</think><answer>two</answer>', VIEW, PIXELS)
    assert action == Reply("two", 'like {"bbox_2d": [1, 2, 3, 4]}')


def test_a_box_goes_before_an_answer_in_the_same_turn() -> None:
    action = zoom('<think>t</think>[{"bbox_2d": [12, 30, 44, 60], "label": "ship"}]<answer>red</answer>')
    assert (action.box, action.answer) == (BOX, "red")


def test_a_box_inside_an_answer_is_an_answer() -> None:
    text = '<answer>{"bbox_2d": [12, 30, 44, 60]}</answer>'
    assert parse(text, VIEW, PIXELS) == Reply('{"bbox_2d": [12, 30, 44, 60]}', "")


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("<think>a\nb</think><answer>red\nand white</answer>", "red\nand white", "a\nb"),
        ("<think> it is </think> <answer> I can't tell </answer>", "I can't tell", "it is"),
        ("<answer>never closed", "never closed", ""),
        ("<answer>cut<|im_end|>", "cut", ""),
        ("<think>never closed <answer>red</answer>", "red", "never closed"),
        ("<answer></answer><answer>second</answer>", "second", ""),
        ("<answer>first</answer> or <answer>second</answer>", "second", ""),
        ("<answer>open <answer>again</answer>", "again", ""),
        ("< answer >red< / answer >", "red", ""),
        ("thought without opening</think><answer>red</answer>", "red", ""),
        ("<think>one</think><think>two</think><answer>red</answer>", "red", "one\ntwo"),
    ],
)
def test_an_answer_is_read_lines_and_all(text: str, answer: str, reasoning: str) -> None:
    assert parse(text, VIEW, PIXELS) == Reply(answer, reasoning)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The ship is red.", "The ship is red."),
        ("<think>hm</think>", ""),
        ("<think>hm", ""),
        ("<think>hm</think> The ship is red.", "The ship is red."),
        ("<answer> </answer>", ""),
        ("", ""),
    ],
)
def test_text_without_an_action_is_kept(text: str, left: str) -> None:
    action = parse(text, VIEW, PIXELS)
    assert isinstance(action, Nothing) and action.text == left


@given(st.text(alphabet=st.sampled_from(list('<>/thinkanswerbox_2d[]{}":, 0123456789.-e\n')), max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    action = parse(text, VIEW, PIXELS)
    if isinstance(action, Zoom):
        assert 0 <= action.box.left <= action.box.right - 1 and action.box.right <= VIEW.size[0]
        assert 0 <= action.box.top <= action.box.bottom - 1 and action.box.bottom <= VIEW.size[1]


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_every_four_numbers_give_a_box_in_the_view_or_none(numbers: list[float]) -> None:
    action = parse(json.dumps([{"bbox_2d": numbers}]), VIEW, PIXELS)
    left, right = sorted(numbers[::2])
    top, bottom = sorted(numbers[1::2])
    is_inside = left <= 400 and right >= 0 and top <= 200 and bottom >= 0
    assert isinstance(action, Zoom) == is_inside
