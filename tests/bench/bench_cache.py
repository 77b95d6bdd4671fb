"""How much keeping the key-value cache across zooms saves: the same question with and without reuse.

    python tests/bench/bench_cache.py

One line a model: the ratio of the times of a second turn, and of the whole question, with equal
outputs. The models are one of random weights and about 30 million parameters, and the embedded one.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from random_model import CPU, save_random_model
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.models.loading import resolve_profile
from zoomearth.models.profile import Profile
from zoomearth.models.transformers_engine import TransformersEngine, load_transformers_engine
from zoomearth.models.weights import find_model

ROUNDS = 5


def two_turns(engine: TransformersEngine, *, reuse: bool) -> tuple[list[str], list[float]]:
    """What the model wrote in each of two turns, and the seconds that each took."""
    side = engine.profile.view_side_px
    random = np.random.default_rng(7)
    conversation = engine.converse(reuse=reuse)
    texts, seconds = [], []
    for _ in range(2):
        pixels = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
        start = time.perf_counter()
        text = conversation.turn(
            pixels, "What colour is the ship? Zoom if needed.", on_token=lambda _: None, cancel=CancelToken()
        )
        seconds.append(time.perf_counter() - start)
        texts.append(text)
    return texts, seconds


def compare(name: str, engine: TransformersEngine) -> str:
    """One line of figures; fails where the outputs differ."""
    two_turns(engine, reuse=True)  # warm up
    kept, again = [], []
    for _ in range(ROUNDS):  # in turns, so that whatever else runs disturbs both
        texts, seconds = two_turns(engine, reuse=True)
        kept.append(seconds)
        texts_again, seconds_again = two_turns(engine, reuse=False)
        again.append(seconds_again)
        if texts != texts_again:
            raise SystemExit(f"{name}: outputs differ: {texts} against {texts_again}")
    second = statistics.median(a[1] / k[1] for k, a in zip(kept, again, strict=True))
    whole = statistics.median(sum(a) / sum(k) for k, a in zip(kept, again, strict=True))
    parameters = sum(parameter.numel() for parameter in engine.model.parameters()) / 1e6
    return (
        f"cache reuse, {name} ({parameters:.1f} M parameters, {engine.profile.view_side_px} px views): "
        f"second turn {second:.2f} x, two turns {whole:.2f} x as fast as without; outputs equal"
    )


def load(profile: Profile) -> TransformersEngine:
    folder = find_model(profile.source)
    return load_transformers_engine(folder, profile, report=ignore_progress, cancel=CancelToken(), choice=CPU)


def main() -> None:
    mini = resolve_profile("zoomearth-mini")
    with tempfile.TemporaryDirectory() as folder:
        save_random_model(Path(folder), width=512, layers=8, vision_width=256)
        asked = dataclasses.replace(mini, source=folder, view_side_px=504, max_new_tokens=20)
        engine = load(asked)
        print(compare("random weights", engine))
    if (Path(mini.source) / "model.safetensors").is_file():
        print(compare(mini.name, load(mini)))
    else:
        print(f"{mini.name}: no weights in {mini.source}, nothing measured")


if __name__ == "__main__":
    main()
