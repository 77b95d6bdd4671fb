"""What the losses compare with: labels, places, where to look."""

from __future__ import annotations

import numpy as np
import pytest
from zoomearth.core.frames import ViewBox
from zoomearth.training.architecture import Shape
from zoomearth.training.collation import IGNORED, Encoder, amounts, coordinate_ids, coverage, token_labels
from zoomearth.training.labels import COLOURS, KINDS
from zoomearth.training.picturing import image_processor
from zoomearth.training.samples import Look, LookSettings, Sample, SeenObject, answer_text, box_text
from zoomearth.training.scene_samples import scene_group
from zoomearth.training.tokenizer import build_tokenizer
from zoomearth.training.wording import vocabulary

SIDE = 240


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(vocabulary(SIDE), SIDE)


@pytest.fixture(scope="module")
def encoder(tokenizer):
    return Encoder(tokenizer, image_processor(Shape(), SIDE), 24)


def test_coverage_by_hand() -> None:
    # A box of 36 x 12 px at (12, 24) on tokens of 24 px: half of token (1, 0) and all of (1, 1) across,
    # half of both down.
    cover = coverage(np.array([12.0, 24.0, 48.0, 36.0]), 3, 3, np.array([1 / 24, 1 / 24]))
    assert cover == pytest.approx(np.array([[0, 0, 0], [0.25, 0.5, 0], [0, 0, 0]]))


def test_coverage_of_a_box_without_area_is_the_token_it_lies_in() -> None:
    cover = coverage(np.array([50.0, 2.0, 50.0, 2.0]), 3, 3, np.array([1 / 24, 1 / 24]))
    assert cover.sum() == 1 and cover[0, 2] == 1


def test_token_labels_name_what_covers_most() -> None:
    ship = SeenObject(ViewBox(0, 0, 24, 24), "ship", "red")
    tree = SeenObject(ViewBox(18, 0, 30, 24), "tree", "")
    kinds, colours, sides = token_labels((ship, tree), 1, 3, np.array([1 / 24, 1 / 24]))
    assert kinds.tolist() == [1 + KINDS.index("ship"), 1 + KINDS.index("tree"), 0]
    assert colours.tolist() == [list(COLOURS).index("red"), IGNORED, IGNORED]
    assert sides.tolist() == [[0, 0, 24, 24], [18, 0, 30, 24], [IGNORED] * 4]


def test_amounts_are_parts_of_objects_and_sum_to_their_number() -> None:
    # Tokens of 24 px: the ship fills the first, a quarter of the tree lies there and the rest in the next.
    ship = SeenObject(ViewBox(0, 0, 24, 24), "ship", "")
    tree = SeenObject(ViewBox(18, 0, 42, 24), "tree", "")
    held = amounts((ship, tree), 1, 3, np.array([1 / 24, 1 / 24]))
    assert held == pytest.approx([1.25, 0.75, 0])
    assert np.isnan(amounts(None, 1, 3, np.array([1 / 24, 1 / 24]))).all()


def test_unknown_labels_are_ignored() -> None:
    kinds, colours, sides = token_labels(None, 2, 2, np.array([1 / 24, 1 / 24]))
    assert set(kinds.tolist()) == set(colours.tolist()) == set(sides.ravel().tolist()) == {IGNORED}


def test_coordinates_are_one_token_each_in_order(tokenizer) -> None:
    ids = coordinate_ids(tokenizer)
    assert len(ids) == SIDE + 1
    assert [tokenizer.decode([ids.start + value]) for value in (0, 17, 240)] == ["0", "17", "240"]


def test_labels_are_the_next_tokens_and_end_the_turn(tokenizer, encoder) -> None:
    text = "<think>find ship north</think>" + box_text(ViewBox(10, 20, 30, 41), "ship", SIDE)
    look = Look(np.zeros((SIDE, SIDE, 3), np.uint8), text, ViewBox(10, 20, 30, 41), ())
    encoded, pictures = encoder.encode(Sample("Are there ships?", (look,)))
    learned = encoded.labels[encoded.labels != IGNORED]
    assert tokenizer.decode(learned) == (
        '<think> find ship north </think> [{"bbox_2d": [ 10 , 20 , 30 , 41 ], "label": " ship "}] <|im_end|>'
    )
    for position in np.nonzero(encoded.labels != IGNORED)[0][:-1]:
        assert encoded.ids[position + 1] == encoded.labels[position]
    assert pictures[0]["image_grid_thw"].tolist() == [[1, 20, 20]]
    assert len(encoded.picture_slots) == 100


def test_each_coordinate_looks_at_the_target(encoder) -> None:
    text = box_text(ViewBox(48, 72, 60, 84), "ship", SIDE)
    look = Look(np.zeros((SIDE, SIDE, 3), np.uint8), text, ViewBox(48, 72, 60, 84), ())
    encoded, _ = encoder.encode(Sample("Are there ships?", (look,)))
    assert len(encoded.queries) == 4
    assert encoded.query_mass.shape == (4, 100)
    assert encoded.query_mass[:, 3 * 10 + 2] == pytest.approx(np.ones(4))


def test_a_number_that_is_no_side_of_a_box_is_a_word(encoder) -> None:
    """The bell that forgives a coordinate its neighbours must not forgive a count of 4 for one of 3."""
    look = Look(np.zeros((SIDE, SIDE, 3), np.uint8), answer_text("3 court", "3"), ViewBox(0, 0, 9, 9), ())
    encoded, _ = encoder.encode(Sample("Count the courts.", (look,)))
    assert not encoded.is_coordinate.any()
    boxed = Look(look.pixels, box_text(ViewBox(3, 4, 5, 6), "site", SIDE), look.target, ())
    encoded, _ = encoder.encode(Sample("Count the courts.", (boxed,)))
    learned = encoded.labels[encoded.is_coordinate]
    assert encoder.tokenizer.decode(learned).split() == ["3", "4", "5", "6"]


def test_a_turn_ends_after_a_zoom_although_a_picture_follows(tokenizer, encoder) -> None:
    settings = LookSettings(SIDE, 512)
    sample = next(one for one in scene_group(0, settings) if len(one.looks) == 3)
    encoded, pictures = encoder.encode(sample)
    assert len(pictures) == 3
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert (encoded.labels == end).sum() == 3


def test_every_word_of_training_is_known(tokenizer) -> None:
    settings = LookSettings(SIDE, 512)
    for index in range(60):
        for sample in scene_group(index, settings):
            words = sample.prompt.replace("<unk>", "") + " ".join(look.text for look in sample.looks)
            assert tokenizer.unk_token_id not in tokenizer(words).input_ids, words


def test_words_look_at_what_shows_the_answer_and_sides_at_the_target(encoder, tokenizer) -> None:
    """Ten tokens of 24 px a row: the target lies in token 0, what shows the answer in token 99."""
    target, neighbour = ViewBox(0, 0, 24, 24), ViewBox(216, 216, 240, 240)
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    text = answer_text("ship", "south", box_text(target, "ship", SIDE))
    look = Look(pixels, text, target, (), shown_by=neighbour, fact=3)
    encoded, _ = encoder.encode(Sample("On which side?", (look,)))
    looked = {
        tokenizer.decode([label]): mass.argmax()
        for label, mass in zip(encoded.labels[encoded.queries], encoded.query_mass, strict=True)
    }
    assert looked["south"] == looked["<answer>"] == 99
    sides = encoded.is_coordinate[encoded.queries]
    assert sides.sum() == 4 and set(encoded.query_mass[sides].argmax(axis=1)) == {0}
    assert encoded.facts.tolist() == [3] and encoded.fact_mass.argmax() == 99
    assert np.allclose(encoded.query_mass.sum(axis=1), 1)
