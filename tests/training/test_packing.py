"""Packed conversations: the numbers are those of conversations that stand alone."""

from __future__ import annotations

import pytest
import torch
from zoomearth.training.architecture import Shape, build_model, weigh_attention
from zoomearth.training.collation import IGNORED, Encoder, coordinate_ids
from zoomearth.training.objective import TrainingHeads, Weights, compute_terms
from zoomearth.training.packing import Collator, additive_mask, rope_positions
from zoomearth.training.picturing import image_processor
from zoomearth.training.samples import LookSettings
from zoomearth.training.scene_samples import scene_group
from zoomearth.training.tokenizer import build_tokenizer
from zoomearth.training.wording import vocabulary

SETTINGS = LookSettings(120, 512)
SHAPE = Shape(
    vision_width=32, vision_layers=2, vision_heads=2, vision_inner=48, full_attention_layers=(1,),
    text_width=64, text_layers=4, text_heads=2, text_inner=96,
)  # fmt: skip
INPUTS = ("input_ids", "position_ids", "mm_token_type_ids", "pixel_values", "image_grid_thw")


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer(vocabulary(120), 120)


@pytest.fixture(scope="module")
def encoder(tokenizer):
    return Encoder(tokenizer, image_processor(SHAPE, 120), SHAPE.merge_px)


@pytest.fixture(scope="module")
def model(tokenizer):
    made = build_model(SHAPE, tokenizer, 1).eval()
    made.training_heads = TrainingHeads(SHAPE.text_width)
    weigh_attention(made, Weights().pointing_layer)
    return made


@torch.no_grad()
def run(model, batch):
    mask = additive_mask(batch["visible"], torch.float32)
    inputs = {name: batch[name] for name in INPUTS}
    return model(
        **inputs, attention_mask=mask, output_hidden_states=True, output_attentions=True, use_cache=False
    )


def learned(outputs, batch) -> list[tuple[int, torch.Tensor]]:
    """What is to be written, and the scores of what could be, in any order of rows."""
    rows = []
    for ids, scores in zip(batch["next_ids"], outputs.logits, strict=True):
        chosen = ids != IGNORED
        rows += list(zip(ids[chosen].tolist(), scores[chosen].log_softmax(-1), strict=True))
    return rows


def test_positions_are_those_of_the_library(model, encoder) -> None:
    for sample in scene_group(0, SETTINGS):
        one, pictures = encoder.encode(sample)
        types = torch.zeros(1, len(one.ids), dtype=torch.int32)
        types[0, one.picture_slots] = 1
        grids = torch.cat([torch.from_numpy(picture["image_grid_thw"]) for picture in pictures])
        expected, _ = model.model.get_rope_index(torch.from_numpy(one.ids)[None], types, grids)
        assert torch.equal(
            torch.from_numpy(rope_positions(len(one.ids), one.picture_slots, one.grids)), expected[:, 0]
        )


def test_a_packed_group_gives_the_scores_of_its_conversations_alone(model, encoder) -> None:
    group = scene_group(0, SETTINGS)
    assert len(group) >= 4 and any(len(sample.looks) > 1 for sample in group)
    packed = Collator(encoder, lambda _: group)([{"index": 0}])
    alone = [Collator(encoder, lambda _, one=one: (one,))([{"index": 0}]) for one in group]
    together = learned(run(model, packed), packed)
    apart = [pair for batch in alone for pair in learned(run(model, batch), batch)]
    assert [token for token, _ in together] == [token for token, _ in apart]
    for (_, one), (_, other) in zip(together, apart, strict=True):
        assert torch.allclose(one, other, atol=2e-5)
    shown = sum(batch["pixel_values"].shape[0] for batch in alone)
    assert packed["pixel_values"].shape[0] < 0.6 * shown


def test_groups_that_share_a_row_see_nothing_of_each_other(model, encoder) -> None:
    groups = [scene_group(index, SETTINGS) for index in range(3)]
    batch = Collator(encoder, lambda index: groups[index])([{"index": index} for index in range(3)])
    assert batch["input_ids"].shape[0] < 3
    single = [Collator(encoder, lambda _, one=one: one)([{"index": 0}]) for one in groups]
    apart = [pair for one in single for pair in learned(run(model, one), one)]
    together = learned(run(model, batch), batch)

    def order(pair: tuple[int, torch.Tensor]) -> tuple[int, float]:
        return pair[0], float(pair[1].max())

    assert len(together) == len(apart)
    for one, other in zip(sorted(together, key=order), sorted(apart, key=order), strict=True):
        assert one[0] == other[0]
        assert torch.allclose(one[1], other[1], atol=2e-5)


def test_every_term_is_the_same_packed_or_alone(model, encoder, tokenizer) -> None:
    """The terms are means: over the same things, counted once where they are shown once."""
    group = scene_group(2, SETTINGS)
    packed = Collator(encoder, lambda _: group)([{"index": 0}])
    apart = Collator(encoder, lambda index: (group[index],))([{"index": i} for i in range(len(group))])
    terms = []
    for batch in (packed, apart):
        embeddings = model.get_input_embeddings().weight
        ids = coordinate_ids(tokenizer)
        terms.append(
            compute_terms(run(model, batch), batch, model.training_heads, ids, embeddings, Weights())
        )
    # A near view's picture is shown once or once a question: means over equal pictures are equal.
    for name, value in vars(terms[0]).items():
        assert float(value) == pytest.approx(float(getattr(terms[1], name)), rel=1e-4), name


def test_equal_indices_give_equal_batches(encoder) -> None:
    collate = Collator(encoder, lambda index: scene_group(index, SETTINGS))
    one, two = (collate([{"index": 3}, {"index": 4}]) for _ in range(2))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
