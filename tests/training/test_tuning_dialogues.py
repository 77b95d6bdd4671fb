"""Rows as dialogues: the product's own tokens, and only what a model writes is learned."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_tuning import (  # noqa: F401 # fixtures
    WORDS_KNOWN,
    base_folder,
    one_thread,
    prepare,
    rasters,
    tuning_config,
)
from zoomearth.core.errors import DataInvalidError, TrainingConfigError
from zoomearth.core.frames import PixelBox, View
from zoomearth.core.progress import CancelToken
from zoomearth.models.conversation import CachedConversation
from zoomearth.models.profile import BoxFrame
from zoomearth.perception.actions import Zoom, parse
from zoomearth.training import tuning
from zoomearth.training.data.reading import DataSource
from zoomearth.training.tuning_batches import IGNORED, labels_of
from zoomearth.training.tuning_config import Thoughts, TuningConfig, is_tuning_file, read_tuning_config
from zoomearth.training.tuning_data import mixed_order, open_rows, read_reasoning, steps_of
from zoomearth.training.tuning_dialogues import DialogueWriter, box_numbers, shifted
from zoomearth.training.tuning_setup import load_base
from zoomearth.training.zoom_tool import LookRules

# Of 320 x 256 px in a view of 48 x 38: columns 100 to 140 are 15 to 21, rows 60 to 90 are 8.9 to 13.4.
# Read back, rows 9 to 13 are 60.6 to 87.6, in whole pixels 60 to 88: of 64 rows about them the first is 42.
TURN_1 = '<think>ship</think>[{"bbox_2d": [15, 9, 21, 13], "label": "ship"}]'
TURN_2 = "<think>ship</think><answer>red</answer>"


@pytest.fixture(scope="module")
def made(base_folder, rasters, tmp_path_factory):  # noqa: F811
    """(writer, base) of rows that are not jittered."""
    config = tuning_config(base_folder, rasters, tmp_path_factory.mktemp("made"))
    base = load_base(config)
    return _writer(base, open_rows(config), jitter=0.0), base


def _writer(base, rows, *, jitter: float, max_tokens: int = 4096, thoughts: Thoughts = WORDS_KNOWN):
    return DialogueWriter(
        rows,
        base.asking,
        base.processor.tokenizer,
        thoughts,
        jitter=jitter,
        max_tokens=max_tokens,
        seed=5,
    )


class Played(CachedConversation):
    """The product's conversation with a model that writes these texts."""

    def __init__(self, texts: list[str], tokenizer, *arguments) -> None:
        super().__init__(*arguments)
        self._texts, self._tokenizer = iter(texts), tokenizer

    def begin(self, on_token) -> SimpleNamespace:
        text = next(self._texts)
        self._ids += self._tokenizer(text, add_special_tokens=False).input_ids
        return SimpleNamespace(has_ended=True, text=text)


@pytest.mark.parametrize(
    ("number", "texts", "windows"),
    [
        (0, [TURN_1, TURN_2], [PixelBox(0, 0, 320, 256), PixelBox(88, 42, 152, 106)]),
        (1, ["<think>ship</think><answer>yes</answer>"], [PixelBox(0, 0, 320, 256)]),
    ],
)
def test_a_row_is_what_the_product_shows_and_reads(made, number, texts, windows) -> None:
    writer, base = made
    dialogue = writer.write(number, 0)
    profile, asking = base.profile, base.asking
    played = Played(texts, base.processor.tokenizer, base.model, asking.images, asking.tokens, profile)
    with writer._rows.images.image(number) as image:
        for window in windows:
            said = profile.prompt.zoom.replace("{question}", writer._rows.rows[number].question.question)
            played.turn(image.view(window, 48), said, on_token=lambda _: None, cancel=CancelToken())
    assert dialogue.ids[:-1] == played._ids  # the end of the last turn is written, and not kept there
    pairs = zip(dialogue.pictures, played._patches, strict=True)
    assert all(torch.equal(ours.values, theirs) for ours, theirs in pairs)


def test_only_what_a_model_writes_is_learned(made) -> None:
    writer, base = made
    dialogue = writer.write(0, 0)
    labels = labels_of(dialogue)
    tokenizer = base.processor.tokenizer
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    first, second = (tokenizer(text, add_special_tokens=False).input_ids for text in (TURN_1, TURN_2))
    # The token that ends the first turn is learned where the picture begins.
    assert [label for label in labels if label != IGNORED] == [*first, end, *second, end]
    image = tokenizer.convert_tokens_to_ids("<|image_pad|>")
    pictures = [place for place, token in enumerate(dialogue.ids) if token == image]
    assert (
        len(pictures) == 2 * 2 + 2 * 2
    )  # views of 48 x 38 and 64 x 64 px, snapped to 48 x 48: 24 px a token
    assert all(labels[place] == IGNORED for place in pictures)
    assert all(label == IGNORED for label in labels[: dialogue.prompt_length])
    handed_over = labels.index(end)
    assert dialogue.ids[handed_over] == tokenizer.convert_tokens_to_ids("<|vision_start|>")


def test_the_loss_is_that_of_the_written_tokens_alone(base_folder, rasters, tmp_path) -> None:  # noqa: F811
    """Worked out beside the trainer: each row alone and unpadded, its own tokens alone."""
    config = tuning_config(base_folder, rasters, tmp_path)
    trainer, base, rows = prepare(config)
    writer = _writer(base, rows, jitter=config.jitter)
    writer._seed = config.seed
    entries = [{"row": number, "place": number} for number in range(4)]
    batch = trainer.data_collator(entries)
    assert len({len(writer.write(number, number).ids) for number in range(4)}) > 1  # some are padded
    trainer.model.eval()
    loss = trainer.compute_loss(trainer.model, dict(batch))
    terms = []
    for number in range(4):
        dialogue = writer.write(number, number)
        ids = torch.tensor([dialogue.ids])
        logits = trainer.model(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=(ids == base.asking.tokens.image_id).int(),
            pixel_values=torch.cat([picture.values for picture in dialogue.pictures]),
            image_grid_thw=torch.cat([picture.grid for picture in dialogue.pictures]),
        ).logits[0]
        scores = torch.log_softmax(logits, dim=-1)
        terms += [
            -scores[place - 1, dialogue.targets[place]] for place, own in enumerate(dialogue.own) if own
        ]
    assert float(loss) == pytest.approx(float(torch.stack(terms).mean()), rel=1e-5)


def test_no_gradient_comes_from_prompts_pictures_and_padding(made) -> None:
    """Of the loss by the logits: zero to the last bit where nothing is learned, and only there."""
    writer, base = made
    collator = tuning.TuningCollator(writer, base.asking.tokens.image_id, base.asking.pad_id)
    batch = collator([{"row": number, "place": 0} for number in range(4)])
    labels = batch.pop("labels")
    logits = base.model(**batch).logits
    logits.retain_grad()
    base.model.loss_function(logits=logits, labels=labels, vocab_size=logits.shape[-1]).backward()
    is_learned = torch.zeros_like(labels, dtype=torch.bool)
    is_learned[:, :-1] = labels[:, 1:] != IGNORED
    assert not logits.grad[~is_learned].any()
    assert bool((logits.grad[is_learned].abs().sum(dim=-1) > 0).all())
    base.model.zero_grad()


@pytest.mark.parametrize(
    ("frame", "numbers"),
    [
        (BoxFrame.VIEW_PIXELS, [64, 128, 256, 300]),
        # 512 x 384 snaps to 504 x 392: 504/512 across, 392/384 down; 128 is 130.67 and 300 is 306.25.
        (BoxFrame.PROCESSED_PIXELS, [63, 131, 252, 306]),
        (BoxFrame.PER_MILLE, [125, 333, 500, 781]),
    ],
)
def test_a_box_is_written_in_the_models_frame(made, frame, numbers) -> None:
    """A raster of 4,096 x 3,072 shown at 512 x 384; the box is columns 512 to 2,048, rows 1,024 to 2,400."""
    profile = dataclasses.replace(made[1].profile, box_frame=frame)
    rules = LookRules(profile, 512, 1, 28)
    view = View(PixelBox(0, 0, 4096, 3072), (512, 384))
    box = PixelBox(512, 1024, 2048, 2400)
    written = box_numbers(box, view, rules)
    assert written == numbers
    read = parse(f'[{{"bbox_2d": {written}, "label": "x"}}]', view, profile, (504, 392))
    assert isinstance(read, Zoom)
    back = view.to_pixels(read.box)
    assert max(abs(a - b) for a, b in zip(back.to_json(), box.to_json(), strict=True)) <= 8


def test_a_box_too_small_for_the_view_is_one_unit_wide(made) -> None:
    rules = LookRules(made[1].profile, 512, 1, 28)
    view = View(PixelBox(0, 0, 10_240, 10_240), (512, 512))
    assert box_numbers(PixelBox(10_230, 0, 10_240, 3), view, rules) == [511, 0, 512, 1]


@given(
    left=st.integers(0, 3000),
    top=st.integers(0, 3000),
    width=st.integers(1, 1000),
    height=st.integers(1, 1000),
    jitter=st.floats(0, 2),
    seed=st.integers(0, 99),
)
def test_a_shifted_window_never_loses_its_box(left, top, width, height, jitter, seed) -> None:
    extent = PixelBox(0, 0, 4000, 4000)
    box = PixelBox(left + 0.25, top + 0.25, left + width, top + height)
    window = box.snapped().grown_to(512, extent).snapped()
    moved = shifted(window, box, extent, jitter, np.random.default_rng(seed))
    assert moved.intersection(box) == box and moved.intersection(extent) == moved
    assert (moved.width, moved.height) == (window.width, window.height)
    assert all(side == int(side) for side in moved.to_json())
    if jitter == 0:
        assert moved == window


def test_a_jitter_moves_the_crop_and_not_the_box(made) -> None:
    writer, base = made
    shaken = _writer(base, writer._rows, jitter=0.3)
    crops = [shaken.write(0, place) for place in range(6)]
    assert all(one.ids == writer.write(0, 0).ids for one in crops)
    assert len({float(one.pictures[1].values.sum()) for one in crops}) > 2
    assert torch.equal(shaken.write(0, 3).pictures[1].values, crops[3].pictures[1].values)


def test_several_data_sets_are_mixed_by_their_shares() -> None:
    """Ten rows in all, shares 3 to 1: an epoch is 7.5 and 2.5 of them, the larger remainder first."""
    order = mixed_order([4, 6], [3.0, 1.0], 40, seed=1)
    for epoch in range(4):
        drawn = order[10 * epoch : 10 * epoch + 10]
        assert sum(row < 4 for row in drawn) in (7, 8)
    second = [row for row in order if row >= 4]
    assert sorted(second[:6]) == [4, 5, 6, 7, 8, 9]  # none twice before all came once
    assert mixed_order([4, 6], [3.0, 1.0], 25, seed=1) == order[:25]
    alone = mixed_order([5], [0.3], 10, seed=1)
    assert sorted(alone[:5]) == sorted(alone[5:]) == [0, 1, 2, 3, 4] and alone[:5] != alone[5:]


def test_epochs_become_steps() -> None:
    """The published run: 1,011 rows three times, four a step: 758.25."""
    config = TuningConfig("b", "o", "e", data=(DataSource("scenes", "x"),))
    assert steps_of(config, 1011) == 759
    with pytest.raises(TrainingConfigError, match="500 steps of warm-up leave nothing of a run of 375"):
        steps_of(config, 500)


def _rows_file(folder: Path, **entries) -> DataSource:
    row = {"question_id": "q", "image_name": "raster_0.tif", "question": "What colour is the ship?"}
    row |= {"ground_truth": "red", "bbox": [320, 192, 448, 288], "type": "object", "category": "color"}
    path = folder / "own.jsonl"
    path.write_text(json.dumps({**row, **entries}))
    return DataSource("lrs-gro", str(path), images=str(folder), other_types=True)


def test_the_rows_own_reasoning_is_learned(rasters) -> None:  # noqa: F811
    """Its box is in another frame than ours, so it is cut off with its fence."""
    source = _rows_file(
        rasters,
        **{
            "global": "A harbour. ",
            "stage_1_reasoning": 'The ship lies left.\n```json\n[{"bbox_2d": [1, 2, 3, 4]}]\n```',
            "stage_2_reasoning": "It is <think>painted</think> red.",
            "label": "a ship",
        },
    )
    (reasoning,) = read_reasoning(source).values()
    assert reasoning.overview == "A harbour. The ship lies left."
    assert (reasoning.enlarged, reasoning.label) == ("It is painted red.", "a ship")
    (row,) = open_rows(TuningConfig("b", "o", "e", data=(source,))).rows
    assert row.reasoning == reasoning
    (bare,) = open_rows(TuningConfig("b", "o", "e", data=(source,), reasoning=False)).rows
    assert bare.reasoning.overview == ""


def test_what_cannot_be_written_is_named(made, rasters) -> None:  # noqa: F811
    writer, base = made
    with pytest.raises(DataInvalidError, match=r"question q0 .*raster_0\.tif.*zeppelin"):
        _writer(base, writer._rows, jitter=0, thoughts=Thoughts("ship", "zeppelin", "ship", "ship")).check()
    with pytest.raises(DataInvalidError, match=r"question q0 .*tokens are more than 30"):
        _writer(base, writer._rows, jitter=0, max_tokens=30).write(0, 0)
    with pytest.raises(DataInvalidError, match=r"own\.jsonl, question q: the answer"):
        open_rows(TuningConfig("b", "o", "e", data=(_rows_file(rasters, ground_truth="a<b"),)))
    writer.check()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("base = ", "Invalid value"),
        ('base = "a"\noutput = "b"\nexport = "c"\n', "at least one"),
        ('[[data]]\nkind = "scenes"\npath = "p"\n', "base is missing"),
        (
            'base = "a"\noutput = "b"\nexport = "c"\ncolour = 1\n[[data]]\nkind = "scenes"\npath = "p"\n',
            "colour",
        ),
        ('base = "a"\noutput = "b"\nexport = "c"\n[data]\nkind = "scenes"\npath = "p"\n', "list of tables"),
        (
            'base = "a"\noutput = "b"\nexport = "c"\nbatch = 3\nrows_per_device = 2\n'
            '[[data]]\nkind = "scenes"\npath = "p"\n',
            "passes of 2",
        ),
        (
            'base = "a"\noutput = "b"\nexport = "c"\n[[data]]\nkind = "scenes"\npath = "p"\n'
            '[lora]\nrank = "x"\n',
            "lora.rank",
        ),
    ],
)
def test_a_recipe_that_is_wrong_is_named(tmp_path, text, complaint) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(TrainingConfigError, match=complaint) as caught:
        read_tuning_config(path)
    assert "recipe.toml" in caught.value.message


def test_the_kind_of_file_says_which_training_it_is(tmp_path) -> None:
    recipes = Path(__file__).parents[2] / "resources" / "training"
    assert is_tuning_file(recipes / "zoomearth-3b-sft.toml")
    assert not is_tuning_file(recipes / "zoomearth-mini.toml")
    both = tmp_path / "both.toml"
    both.write_text('[[data]]\nkind = "scenes"\n[[stages]]\nname = "x"\n')
    with pytest.raises(TrainingConfigError, match="either"):
        is_tuning_file(both)
