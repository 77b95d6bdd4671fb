"""The policy that the tests of GRPO roll out: tiny, but one that really zooms and answers.

A model of random weights never writes a box. This one was shown a few hundred conversations about
nothing, so at temperature 1 it zooms or answers at once, to chance places and in chance words.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import rasterio
import torch
from rasterio.transform import from_origin
from torch.nn import functional
from zoomearth.core.frames import PixelBox
from zoomearth.training.architecture import Shape, build_model
from zoomearth.training.data.question import LabelledQuestion
from zoomearth.training.grpo_config import DataSettings, GrpoConfig
from zoomearth.training.grpo_rollouts import Asking, Rollouts
from zoomearth.training.grpo_setup import Policy, load_policy
from zoomearth.training.picturing import image_processor
from zoomearth.training.rollout_dialogue import Dialogue, cut_into_patches
from zoomearth.training.rollout_sources import RasterImage, RasterQuestions
from zoomearth.training.tokenizer import build_tokenizer
from zoomearth.training.zoom_tool import ImageSource, Looking, LookRules

SIDE_PX = 48  # of a view: 2 × 2 picture tokens
CROP_PX = 64
RASTER_PX = (320, 256)  # columns, rows
SHAPE = Shape(
    vision_width=32,
    vision_layers=2,
    vision_heads=2,
    vision_inner=48,
    full_attention_layers=(1,),
    text_width=64,
    text_layers=2,
    text_heads=2,
    text_inner=96,
)
PROFILE = """
title = "Tiny"
[weights]
architecture = "qwen2_5_vl"
folder = "."
licence = "GPL-2.0-or-later"
allows_commercial_use = true
[asking]
view_side_px = 48
largest_view_px = 48
minimum_crop_px = 64
box_frame = "view_pixels"
handover = "{handover}"
max_new_tokens = 14
[prompt]
zoom = "{{question}} Zoom if needed."
answer = "{{question}} Answer now."
next_turn = "Zoom if needed."
last_turn = "Answer now."
"""
WORDS = ("what colour is the ship", "is there a ship", "red green yes no", "zoom if needed", "answer now")
QUESTIONS = (
    ("What colour is the ship?", "red", (100, 60, 140, 90)),
    ("Is there a ship?", "yes", None),
    ("What colour is the ship?", "green", (200, 120, 240, 170)),
    ("Is there a ship?", "no", None),
)


def zoom_text(sides: tuple[int, ...], label: str = "ship") -> str:
    """A well-formed wish to zoom."""
    return f'<think>ship</think>[{{"bbox_2d": {list(sides)}, "label": "{label}"}}]'


def answer_text(answer: str) -> str:
    return f"<think>ship</think><answer>{answer}</answer>"


def write_rasters(folder: Path) -> Path:
    """Two rasters of noise and ``questions.jsonl`` in LRS-GRO's format; the frame of boxes is 1,024."""
    unit_px = max(RASTER_PX) / 1024
    rows = []
    for number, (question, answer, box) in enumerate(QUESTIONS):
        name = f"raster_{number % 2}.tif"
        rows.append(
            {
                "question_id": f"q{number}",
                "image_name": name,
                "question": question,
                "ground_truth": answer,
                "bbox": [] if box is None else [side / unit_px for side in box],
                "higher_level": "global" if box is None else "object",
                "type": "scene type" if box is None else "color/pattern",
            }
        )
        if not (folder / name).exists():
            _write_noise(folder / name, number)
    (folder / "questions.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return folder / "questions.jsonl"


def _write_noise(path: Path, seed: int) -> None:
    columns, rows = RASTER_PX
    coarse = np.random.default_rng(seed).integers(0, 256, (3, rows // 16, columns // 16), np.uint8)
    profile = {"driver": "GTiff", "width": columns, "height": rows, "count": 3, "dtype": "uint8"}
    transform = from_origin(500_000, 5_300_000, 1, 1)
    with rasterio.open(path, "w", crs="EPSG:32633", transform=transform, **profile) as file:
        file.write(coarse.repeat(16, axis=1).repeat(16, axis=2))


def labelled(folder: Path) -> list[LabelledQuestion]:
    """The same questions without a reader."""
    return [
        LabelledQuestion(
            f"q{number}", folder / f"raster_{number % 2}.tif", question, answer, box=box and PixelBox(*box)
        )
        for number, (question, answer, box) in enumerate(QUESTIONS)
    ]


def play(asking: Asking, looking: Looking, source: ImageSource, texts: list[str], tokenizer) -> Dialogue:
    """A dialogue in which the policy writes these texts, each ended by the end of its turn."""
    dialogue = Dialogue(asking.tokens, asking.rules.profile.handover, looking)
    dialogue.open(cut_into_patches(asking.images, source.view(source.extent, asking.rules.side_px)))
    for text in texts:
        for token in [*tokenizer(text, add_special_tokens=False).input_ids, tokenizer.eos_token_id]:
            dialogue.write(token, 0.0)
        window = dialogue.respond()
        if window is None:
            return dialogue
        dialogue.hand_over(cut_into_patches(asking.images, source.view(window, asking.rules.side_px)))
    return dialogue


def chance_texts(rng: np.random.Generator) -> list[str]:
    """Up to two zooms and an answer."""
    texts = []
    while rng.random() < 0.45 and len(texts) < 2:
        left, top = (8 * int(place) for place in rng.integers(0, 4, 2))
        texts.append(zoom_text((left, top, left + 16, top + 16)))
    return [*texts, answer_text(str(rng.choice(["red", "green", "yes", "no"])))]


def practise(policy: Policy, questions: RasterQuestions, steps: int) -> None:
    """Teach the form, and nothing else."""
    model, tokenizer = policy.model, policy.processor.tokenizer
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    rng = np.random.default_rng(5)
    dialogues = []
    for number in range(len(questions)):
        with questions.image(number) as image:
            for _ in range(24):
                looking = Looking(questions.question(number).question, image.extent, policy.asking.rules)
                dialogues.append(play(policy.asking, looking, image, chance_texts(rng), tokenizer))
    for _ in range(steps):
        chosen = [dialogues[place] for place in rng.integers(0, len(dialogues), 12)]
        loss = imitation_loss(model, chosen, tokenizer.pad_token_id)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def imitation_loss(model, dialogues: list[Dialogue], pad_id: int) -> torch.Tensor:
    """Mean cross-entropy of the policy's own tokens; padded on the right, unlike rollouts."""
    length = max(len(one.ids) for one in dialogues)
    ids = torch.tensor([one.ids + [pad_id] * (length - len(one.ids)) for one in dialogues])
    mask = torch.tensor([[1] * len(one.ids) + [0] * (length - len(one.ids)) for one in dialogues])
    logits = model(
        input_ids=ids,
        attention_mask=mask,
        mm_token_type_ids=(ids == model.config.image_token_id).int(),
        pixel_values=torch.cat([picture.values for one in dialogues for picture in one.pictures]),
        image_grid_thw=torch.cat([picture.grid for one in dialogues for picture in one.pictures]),
    ).logits
    losses = []
    for row, one in enumerate(dialogues):
        own = torch.tensor(one.own, dtype=torch.bool)
        wanted = torch.tensor(one.targets)[own]
        before = torch.nonzero(own)[:, 0] - 1
        losses.append(functional.cross_entropy(logits[row, before], wanted, reduction="none"))
    return torch.cat(losses).mean()


def write_policy(folder: Path, rasters: Path, handover: str = "assistant_turn", steps: int = 60) -> Path:
    """A model folder with its profile."""
    folder.mkdir()
    tokenizer = build_tokenizer(WORDS, SIDE_PX)
    model = build_model(SHAPE, tokenizer, seed=2)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    image_processor(SHAPE, SIDE_PX).save_pretrained(folder)
    (folder / "profile.toml").write_text(PROFILE.format(handover=handover))
    if steps:
        policy = load_policy(GrpoConfig(str(folder), "", ""))
        practise(policy, RasterQuestions(labelled(rasters)), steps)
        policy.model.save_pretrained(folder)
    return folder


@functools.cache
def tiny_rasters() -> Path:
    """Folder of two rasters and ``questions.jsonl``; made once."""
    folder = _passing_folder()
    write_rasters(folder)
    return folder


@functools.cache
def tiny_policy() -> Path:
    """The tiny policy's folder; made once, copied, never changed.

    From now on there is one thread: models this small lose more to waking threads than they gain.
    """
    torch.set_num_threads(1)
    return write_policy(_passing_folder() / "tiny", tiny_rasters())


def _passing_folder() -> Path:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def run_config(base: Path, rasters: Path, folder: Path, **entries) -> GrpoConfig:
    """A run of a few seconds."""
    usual = {
        "steps": 2,
        "batch": 2,
        "num_generations": 4,
        "rows_per_device": 8,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "temperature": 1.0,
        "max_zooms": 2,
        "save_steps": 1,
        "precision": "float32",
        "data": (DataSettings(kind="lrs-gro", source=str(rasters / "questions.jsonl")),),
    }
    return GrpoConfig(str(base), str(folder / "run"), str(folder / "model"), **{**usual, **entries})


def rolled_out(policy: Policy, source, numbers: list[int], seed: int = 0) -> Rollouts:
    """Finished rollouts; the n-th rollout of a question draws from the n-th stream of that question."""
    streams = [
        np.random.default_rng([seed, number, numbers[:place].count(number)])
        for place, number in enumerate(numbers)
    ]
    with Rollouts(source, numbers, policy.asking) as rollouts:
        rollouts.run(policy.model, streams)
    return rollouts


def test_the_policy_zooms_and_answers() -> None:
    """Or the tests that use it would prove nothing."""
    policy = load_policy(run_config(tiny_policy(), tiny_rasters(), tiny_policy()))
    rollouts = rolled_out(policy, RasterQuestions(labelled(tiny_rasters())), [0, 1, 2, 3] * 8)
    outcomes = [one.looking.outcome() for one in rollouts.dialogues]
    zooms = [outcome.zooms for outcome in outcomes]
    assert {0, 1, 2} <= set(zooms)
    assert sum(outcome.is_wellformed for outcome in outcomes) >= 16
    assert len({outcome.answer for outcome in outcomes}) >= 3


def test_windows_come_from_the_raster() -> None:
    """A zoom of 64 px at column 96, row 48 holds the four blocks of 16 px that were written there."""
    questions = RasterQuestions(labelled(tiny_rasters()))
    with questions.image(0) as image:
        assert isinstance(image, RasterImage)
        assert image.extent == PixelBox(0, 0, 320, 256)
        pixels = image.view(PixelBox(96, 48, 160, 112), 64)
    with rasterio.open(tiny_rasters() / "raster_0.tif") as file:
        window = rasterio.windows.Window(96, 48, 64, 64)
        assert np.array_equal(pixels, np.moveaxis(file.read(window=window), 0, 2))


def test_the_rules_are_the_profiles() -> None:
    policy = load_policy(run_config(tiny_policy(), tiny_rasters(), tiny_policy()))
    assert policy.asking.rules == LookRules(policy.profile, 48, 2, 24)
    assert policy.profile.minimum_crop_px == CROP_PX
    assert policy.asking.max_new_tokens == 14
