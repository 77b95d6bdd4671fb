"""Conversations that write together write what each would write alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from random_model import CPU
from zoomearth.core.errors import Cancelled, OutOfMemoryError
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.models.batching import BatchedEngine
from zoomearth.models.features import PictureFeatures
from zoomearth.models.profile import load_profile
from zoomearth.models.transformers_engine import TransformersEngine, load_transformers_engine
from zoomearth.models.weights import find_model

LIMIT_S = 60


@pytest.fixture(scope="module")
def engine() -> TransformersEngine:
    profile = load_profile("zoomearth-mini")
    return load_transformers_engine(
        find_model(profile.source), profile, report=ignore_progress, cancel=CancelToken(), choice=CPU
    )


def picture(seed: int, side: int = 140) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 255, (side // 20, side // 20, 3)).astype(np.uint8)
    return np.kron(noise, np.ones((20, 20, 1), np.uint8))


def dialogue(conversation: Any, number: int, cancel: CancelToken | None = None) -> list[str]:
    """Two looks, as the zoom loop takes them; questions and pictures of different lengths."""
    silent = {"on_token": lambda _: None, "cancel": cancel or CancelToken()}
    question = ["What colour is the ship?", "How many buildings are there in the north?", "Are there trees?"]
    first = conversation.turn(picture(number % 4, 140 + 20 * (number % 3)), question[number % 3], **silent)
    return [first, conversation.turn(picture(100 + number), "", **silent)]


def together(engine: BatchedEngine, numbers: Sequence[int], cancel: CancelToken | None = None) -> list[Any]:
    found: list[Any] = [None] * len(numbers)

    def ask(place: int, number: int) -> None:
        with engine.seat():
            try:
                found[place] = dialogue(engine.converse(), number, cancel)
            except Exception as error:  # noqa: BLE001 # looked at below
                found[place] = error

    with engine.serving():
        threads = [threading.Thread(target=ask, args=pair) for pair in enumerate(numbers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
            assert not thread.is_alive(), "nobody was served"
    return found


@pytest.mark.parametrize("most", [1, 3, 8])
def test_each_writes_what_it_would_alone(engine: TransformersEngine, most: int) -> None:
    numbers = list(range(7))
    alone = [dialogue(engine.converse(), number) for number in numbers]
    assert together(BatchedEngine(engine, most), numbers) == alone


def test_tokens_are_computed_together(engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []
    forward = engine.model.forward

    def counting(**inputs: Any) -> Any:
        if inputs.get("input_ids") is not None:
            widths.append(inputs["input_ids"].shape[0])
        return forward(**inputs)

    monkeypatch.setattr(engine.model, "forward", counting)
    together(BatchedEngine(engine, 4), range(4))
    assert max(widths) == 4


def test_picture_that_comes_again_is_seen_once(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers 0, 12 and 24 share their first picture: one of it, and three second ones."""
    seen: list[int] = []
    look = engine.model.model.get_image_features
    monkeypatch.setattr(
        engine.model.model, "get_image_features", lambda *given: (seen.append(1), look(*given))[1]
    )
    together(BatchedEngine(engine, 3), [0, 12, 24])
    assert len(seen) == 4


def test_features_are_bounded(engine: TransformersEngine) -> None:
    features = PictureFeatures(most_bytes=1)
    made = engine._images(
        images=[picture(1), picture(2)], input_data_format="channels_last", return_tensors="pt"
    )
    half = len(made["pixel_values"]) // 2
    with torch.inference_mode():
        for start in (0, half):
            patches = made["pixel_values"][start : start + half]
            features.of(engine.model, patches, made["image_grid_thw"][:1])
    assert len(features._kept) == 1


def test_cancel_reaches_all(engine: TransformersEngine) -> None:
    cancel = CancelToken()
    cancel.cancel()
    assert all(isinstance(one, Cancelled) for one in together(BatchedEngine(engine, 3), range(3), cancel))


def test_a_full_device_takes_smaller_groups(
    engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = [dialogue(engine.converse(), number) for number in range(4)]
    forward = engine.model.forward

    def narrow(**inputs: Any) -> Any:
        if inputs.get("input_ids") is not None and inputs["input_ids"].shape[0] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(**inputs)

    monkeypatch.setattr(engine.model, "forward", narrow)
    assert together(BatchedEngine(engine, 4), range(4)) == alone


def test_a_device_that_is_full_for_one(engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**inputs: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(engine.model, "forward", full)
    assert all(isinstance(one, OutOfMemoryError) for one in together(BatchedEngine(engine, 2), range(2)))


def test_nobody_waits_for_who_has_left(engine: TransformersEngine, tmp_path: Path) -> None:
    """One asks twice, another leaves after its first turn."""
    batched = BatchedEngine(engine, 8)
    found: list[str] = []

    def brief() -> None:
        with batched.seat():
            silent = {"on_token": lambda _: None, "cancel": CancelToken()}
            found.append(batched.converse().turn(picture(5), "Are there trees?", **silent))

    with batched.serving():
        thread = threading.Thread(target=brief)
        thread.start()
        with batched.seat():
            assert len(dialogue(batched.converse(), 1)) == 2
        thread.join(LIMIT_S)
    assert len(found) == 1
