"""A GRPO run as a TOML file says it: read once, frozen, saved beside every result.

Defaults are the published ones (arXiv 2511.12267) where there are any: four rollouts a question, beta
0.04, learning rate 1e-7, temperature 0.7, advantages that are not divided by their standard deviation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ..core.errors import TrainingConfigError
from .rewards import RewardSettings
from .run_settings import RunSettings, Words, read_run
from .scenes import FIRST_UNSEEN_SEED
from .training_file import at_least, one_of, section

LOSS_TYPES = ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo")


@dataclass(frozen=True)
class DataSettings:
    """One source of questions; a file has one ``[data]`` table, or several ``[[data]]``.

    Args:
        kind: ``scenes``, drawn from their seeds; or a kind of data set on disk: ``lrs-gro``,
            ``earth-reason``, ``imagery`` or ``layer`` (see :mod:`.data.reading`).
        share: How often questions come from here, in proportion to the shares of the others.
        first_index: Of scenes: seed of the first; each question takes the next.
        size_px: Of scenes: their side.
        source: The data set's folder or file, relative to the working folder.
        images: Its images' folder; empty to look beside the source.
        split: Of the data set; empty for all of it.
        count: Of imagery: about how many questions.
    """

    kind: str = "scenes"
    share: float = 1.0
    first_index: int = 0
    size_px: int = 4096
    source: str = ""
    images: str = ""
    split: str = ""
    count: int = 1200

    def __post_init__(self) -> None:
        one_of("data.kind", self.kind, ("scenes", "lrs-gro", "earth-reason", "imagery", "layer"))
        at_least("data.first_index", self.first_index, 0)
        at_least("data.size_px", self.size_px, 256)
        at_least("data.count", self.count, 1)
        if not 0 < self.share < math.inf:
            raise TrainingConfigError(f"data.share must be above 0, not {self.share}")
        if self.is_drawn == bool(self.source):
            raise TrainingConfigError("data.source belongs to a data set on disk, and every such one has it")

    @property
    def is_drawn(self) -> bool:
        """Whether its pictures are drawn and not read."""
        return self.kind == "scenes"


@dataclass(frozen=True)
class GrpoConfig(RunSettings):
    """A GRPO run; ``base`` is also what beta holds the policy to, and ``batch`` counts questions.

    Args:
        num_generations: Rollouts of each question.
        beta: Weight of the divergence from ``base``; 0 loads no reference model.
        loss_type: How the loss is averaged over tokens, one of :data:`LOSS_TYPES`.
        scale_rewards: ``none``, or divide advantages by the standard deviation of a ``group`` or ``batch``.
        epsilon: Clipping of the ratio of probabilities.
        temperature: Of the rollouts.
        max_zooms: 0 trains answers from the overview.
        max_new_tokens: Of one turn; 0 for the profile's.
        data: Where questions come from.
        rewards: What a rollout is worth.
    """

    steps: int = 500
    batch: int = 8
    rows_per_device: int = 8
    learning_rate: float = 1e-7
    num_generations: int = 4
    beta: float = 0.04
    loss_type: str = "grpo"
    scale_rewards: str = "none"
    epsilon: float = 0.2
    temperature: float = 0.7
    max_new_tokens: int = 0
    data: tuple[DataSettings, ...] = field(default_factory=lambda: (DataSettings(),))
    rewards: RewardSettings = field(default_factory=RewardSettings)

    LEAST: ClassVar[dict[str, float]] = {
        **RunSettings.LEAST, "steps": 1, "num_generations": 2, "beta": 0, "epsilon": 0, "max_new_tokens": 0,
    }  # fmt: skip
    WORDS: ClassVar[Words] = {
        **RunSettings.WORDS,
        "loss_type": LOSS_TYPES,
        "scale_rewards": ("none", "group", "batch"),
    }
    ABOVE_ZERO: ClassVar[tuple[str, ...]] = (*RunSettings.ABOVE_ZERO, "temperature")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rollouts % self.rows_per_device:
            raise TrainingConfigError(
                f"{self.rollouts} rollouts a step cannot be cut into passes of {self.rows_per_device} rows"
            )
        if not self.data:
            raise TrainingConfigError("data is missing")
        for one in self.data:
            end = one.first_index + self.steps * self.batch
            if one.is_drawn and end > FIRST_UNSEEN_SEED:
                raise TrainingConfigError(
                    f"data reaches scene {end - 1}; from {FIRST_UNSEEN_SEED} on they are for evaluation"
                )

    @property
    def rollouts(self) -> int:
        """In one step, over all processes."""
        return self.batch * self.num_generations


def read_grpo_config(path: Path, changes: Sequence[str] = ()) -> GrpoConfig:
    """The run that a TOML file describes; raises as :func:`.run_settings.read_run` does."""
    return read_run(path, GrpoConfig, {"data": _sources, "rewards": _rewards}, changes)


def _rewards(entries: Any) -> RewardSettings:
    return section(RewardSettings, entries, "rewards.")


def _sources(entries: Any) -> tuple[DataSettings, ...]:
    tables = entries if isinstance(entries, list) else [entries]
    return tuple(section(DataSettings, one, "data.") for one in tables)
