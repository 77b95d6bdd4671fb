"""What a GRPO run tells while it goes on: parts of the reward, how the policy looks, one line a step."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import Any

from transformers import TrainerCallback

from .data.question import LabelledQuestion
from .matching import is_strict_match
from .rewards import Outcome, Rewards

_LOG = logging.getLogger(__name__)
_PARTS = ("total", "format", "answer", "iou", "region")
_SHOWN = {
    "reward": "reward",
    "rewards/format/mean": "format",
    "rewards/answer/mean": "answer",
    "rewards/iou/mean": "iou",
    "rewards/region/mean": "region",
    "right": "right",
    "zoom_rate": "zoomed",
    "right_after_zoom": "right after zoom",
    "kl": "kl",
    "entropy": "entropy",
    "loss": "loss",
    "grad_norm": "gradient",
    "step_time": "seconds",
}
"""Metrics of the console's line, and what they are called there."""


def reward_parts() -> tuple[list[Callable[..., list[float | None]]], list[float]]:
    """Reward functions for the trainer and their weights: the total counts, its parts are only logged.

    Each takes the column ``rewards``; a part that a question does not have is None and left out of means.
    """
    return [_part(name) for name in _PARTS], [1.0] + [0.0] * (len(_PARTS) - 1)


def rollout_metrics(
    outcomes: Sequence[Outcome], questions: Sequence[LabelledQuestion]
) -> dict[str, list[float]]:
    """How rollouts went, a value for each rollout that the metric is about.

    ``right`` is strict whatever the reward counts; ``right_after_zoom`` and ``right_at_once`` are about
    rollouts that zoomed and that did not.
    """
    metrics: dict[str, list[float]] = {name: [] for name in ("right", "right_after_zoom", "right_at_once")}
    for outcome, question in zip(outcomes, questions, strict=True):
        is_right = float(outcome.answer is not None and is_strict_match(outcome.answer, question.answer))
        metrics["right"].append(is_right)
        metrics["right_after_zoom" if outcome.zooms else "right_at_once"].append(is_right)
    metrics["zoom_rate"] = [float(outcome.zooms > 0) for outcome in outcomes]
    metrics["zooms"] = [float(outcome.zooms) for outcome in outcomes]
    metrics["cut_off"] = [float(outcome.truncated) for outcome in outcomes]
    return metrics


def without_empty(metrics: dict[str, list[float]]) -> dict[str, list[float]]:
    """Metrics that have a number; those that nothing could be said about are left out, not logged as none."""
    return {name: values for name, values in metrics.items() if any(not math.isnan(one) for one in values)}


class ConsoleMetrics(TrainerCallback):
    """One line a step in the log."""

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Told of every step's metrics; the first process speaks for all."""
        if not state.is_world_process_zero or not logs or "reward" not in logs:
            return
        said = [
            f"{label} {float(logs[name]):.4g}" for name, label in _SHOWN.items() if logs.get(name) is not None
        ]
        _LOG.info("step %d/%d: %s", state.global_step, state.max_steps, ", ".join(said))


def _part(name: str) -> Callable[..., list[float | None]]:
    def part(rewards: Sequence[Rewards], **_: Any) -> list[float | None]:
        return [getattr(one, name) for one in rewards]

    part.__name__ = name
    return part
