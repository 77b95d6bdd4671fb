"""A GRPO run as a TOML file says it: read once, frozen, saved beside every result.

Defaults are the published ones (arXiv 2511.12267) where there are any: four rollouts a question, beta
0.04, learning rate 1e-7, temperature 0.7, advantages that are not divided by their standard deviation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import TrainingConfigError
from ..core.types import Options
from .rewards import RewardSettings
from .scenes import FIRST_UNSEEN_SEED
from .training_file import at_least, one_of, read_table, section

LOSS_TYPES = ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo")
SCHEDULES = ("constant", "constant_with_warmup", "linear", "cosine")
MAY_CHANGE = frozenset({"output", "export", "export_dtype", "steps", "save_steps", "keep_checkpoints"})
"""Entries that a run which goes on from its checkpoints may have otherwise than it began."""


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
class LoraSettings:
    """Low-rank adapters in place of training every weight.

    Args:
        rank: Of each adapter.
        alpha: The adapters' share is alpha / rank.
        dropout: On their input.
        target_modules: Ends of the names of the linear layers that get one.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    target_modules: tuple[str, ...] = (
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "up_proj",
        "down_proj",
    )

    def __post_init__(self) -> None:
        at_least("lora.rank", self.rank, 1)
        at_least("lora.alpha", self.alpha, 1)
        if not 0 <= self.dropout < 1:
            raise TrainingConfigError(f"lora.dropout must be from 0 to below 1, not {self.dropout}")
        if not self.target_modules or "lm_head" in self.target_modules:
            raise TrainingConfigError("lora.target_modules names layers, and never lm_head")


@dataclass(frozen=True)
class GrpoConfig:
    """A GRPO run.

    Args:
        base: Folder of the model to start from, which is also what beta holds the policy to.
        output: Folder for checkpoints and logs, relative to the working folder.
        export: Folder that receives the finished model.
        profile: Name or file of the model's profile: how it is asked. Empty for what the product finds
            for ``base``.
        seed: Of everything that is drawn by lot.
        steps: Optimizer steps.
        batch: Questions in one step, over all processes.
        num_generations: Rollouts of each question.
        rows_per_device: Rollouts in one forward and backward pass of one process; bounds the memory.
        learning_rate: Peak.
        schedule: Of the learning rate, one of :data:`SCHEDULES`.
        warmup_steps: Up to the peak.
        beta: Weight of the divergence from ``base``; 0 loads no reference model.
        loss_type: How the loss is averaged over tokens, one of :data:`LOSS_TYPES`.
        scale_rewards: ``none``, or divide advantages by the standard deviation of a ``group`` or ``batch``.
        epsilon: Clipping of the ratio of probabilities.
        temperature: Of the rollouts.
        max_zooms: 0 trains answers from the overview.
        max_new_tokens: Of one turn; 0 for the profile's.
        view_side_px: Longer side of a view; 0 for the profile's.
        max_grad_norm: Gradients are clipped to it.
        weight_decay: Of the optimizer.
        save_steps: Steps between checkpoints.
        keep_checkpoints: How many; the others are deleted.
        freeze_vision: Whether the vision tower stays as it is.
        gradient_checkpointing: Less memory for more time.
        precision: ``float32``, ``bfloat16`` (mixed), or ``auto``: mixed where the device is made for it.
        export_dtype: ``float16`` or ``bfloat16``.
    """

    base: str
    output: str
    export: str
    profile: str = ""
    seed: int = 0
    steps: int = 500
    batch: int = 8
    num_generations: int = 4
    rows_per_device: int = 8
    learning_rate: float = 1e-7
    schedule: str = "linear"
    warmup_steps: int = 0
    beta: float = 0.04
    loss_type: str = "grpo"
    scale_rewards: str = "none"
    epsilon: float = 0.2
    temperature: float = 0.7
    max_zooms: int = Options.max_zooms
    max_new_tokens: int = 0
    view_side_px: int = 0
    max_grad_norm: float = 1.0
    weight_decay: float = 0.0
    save_steps: int = 50
    keep_checkpoints: int = 2
    freeze_vision: bool = False
    gradient_checkpointing: bool = False
    precision: str = "auto"
    export_dtype: str = "float16"
    data: tuple[DataSettings, ...] = field(default_factory=lambda: (DataSettings(),))
    rewards: RewardSettings = field(default_factory=RewardSettings)
    lora: LoraSettings | None = None

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            at_least(name, getattr(self, name), least)
        for name, words in _WORDS.items():
            one_of(name, getattr(self, name), words)
        for name in ("learning_rate", "temperature", "max_grad_norm"):
            if not 0 < getattr(self, name) < math.inf:
                raise TrainingConfigError(f"{name} must be above 0, not {getattr(self, name)}")
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


_LEAST = {
    "seed": 0, "steps": 1, "batch": 1, "num_generations": 2, "rows_per_device": 1, "warmup_steps": 0,
    "beta": 0, "epsilon": 0, "max_zooms": 0, "max_new_tokens": 0, "view_side_px": 0, "weight_decay": 0,
    "save_steps": 1, "keep_checkpoints": 1,
}  # fmt: skip
_WORDS = {
    "schedule": SCHEDULES,
    "loss_type": LOSS_TYPES,
    "scale_rewards": ("none", "group", "batch"),
    "precision": ("auto", "float32", "bfloat16"),
    "export_dtype": ("float16", "bfloat16"),
}


def read_grpo_config(path: Path) -> GrpoConfig:
    """The run that a TOML file describes.

    Raises:
        TrainingConfigError: Not TOML, an unknown or missing entry, or a value of the wrong kind.
    """
    table = read_table(path)
    try:
        sections: dict[str, Any] = {
            "data": _sources(table.pop("data", {})),
            "rewards": section(RewardSettings, table.pop("rewards", {}), "rewards."),
        }
        if "lora" in table:
            sections["lora"] = section(LoraSettings, table.pop("lora"), "lora.")
        return section(GrpoConfig, table, "", **sections)
    except TrainingConfigError as error:
        raise TrainingConfigError(f"{path}: {error.message}") from error


def _sources(entries: Any) -> tuple[DataSettings, ...]:
    tables = entries if isinstance(entries, list) else [entries]
    return tuple(section(DataSettings, one, "data.") for one in tables)
