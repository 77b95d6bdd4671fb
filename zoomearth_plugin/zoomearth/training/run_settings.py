"""What tuning and GRPO of whole models have in common in their training files."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from ..core.errors import TrainingConfigError
from ..core.types import Options
from .training_file import at_least, one_of, read_table, section

Words = dict[str, tuple[str, ...]]
SCHEDULES = ("constant", "constant_with_warmup", "linear", "cosine")
MAY_CHANGE = frozenset({"output", "export", "export_dtype", "steps", "save_steps", "keep_checkpoints"})
"""Entries that a run which goes on from its checkpoints may have otherwise than it began."""


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
class RunSettings:
    """A run on a model that is there.

    Args:
        base: Folder of the model to start from.
        output: Folder for checkpoints and logs, relative to the working folder.
        export: Folder that receives the finished model.
        profile: Name or file of the model's profile: how it is asked. Empty for what the product finds
            for ``base``.
        seed: Of everything that is drawn by lot.
        steps: Optimizer steps.
        batch: What one step takes of the data, over all processes.
        rows_per_device: Sequences in one forward and backward pass of one process; bounds the memory.
        learning_rate: Peak.
        schedule: Of the learning rate, one of :data:`SCHEDULES`.
        warmup_steps: Up to the peak.
        weight_decay: Of the optimizer.
        max_grad_norm: Gradients are clipped to it.
        view_side_px: Longer side of a view; 0 for the profile's.
        max_zooms: What the model may do.
        save_steps: Steps between checkpoints.
        keep_checkpoints: How many; the others are deleted.
        freeze_vision: Whether the vision tower stays as it is.
        gradient_checkpointing: Less memory for more time.
        precision: ``float32``, ``bfloat16`` (mixed), or ``auto``: mixed where the device is made for it.
        export_dtype: ``float16`` or ``bfloat16``.
        lora: Adapters in place of training every weight.
    """

    base: str
    output: str
    export: str
    profile: str = ""
    seed: int = 0
    steps: int = 0
    batch: int = 4
    rows_per_device: int = 1
    learning_rate: float = 1e-5
    schedule: str = "linear"
    warmup_steps: int = 0
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    view_side_px: int = 0
    max_zooms: int = Options.max_zooms
    save_steps: int = 50
    keep_checkpoints: int = 2
    freeze_vision: bool = False
    gradient_checkpointing: bool = False
    precision: str = "auto"
    export_dtype: str = "float16"
    lora: LoraSettings | None = None

    LEAST: ClassVar[dict[str, float]] = {
        "seed": 0, "steps": 0, "batch": 1, "rows_per_device": 1, "warmup_steps": 0, "weight_decay": 0,
        "view_side_px": 0, "max_zooms": 0, "save_steps": 1, "keep_checkpoints": 1,
    }  # fmt: skip
    """Entries that are at least this, and finite."""
    WORDS: ClassVar[Words] = {
        "schedule": SCHEDULES,
        "precision": ("auto", "float32", "bfloat16"),
        "export_dtype": ("float16", "bfloat16"),
    }
    """Entries that are one of these."""
    ABOVE_ZERO: ClassVar[tuple[str, ...]] = ("learning_rate", "max_grad_norm")

    def __post_init__(self) -> None:
        for name, least in self.LEAST.items():
            at_least(name, getattr(self, name), least)
        for name, words in self.WORDS.items():
            one_of(name, getattr(self, name), words)
        for name in self.ABOVE_ZERO:
            if not 0 < getattr(self, name) < math.inf:
                raise TrainingConfigError(f"{name} must be above 0, not {getattr(self, name)}")


Run = TypeVar("Run", bound=RunSettings)
Reader = Callable[[Any], Any]


def read_run(path: Path, kind: type[Run], readers: dict[str, Reader], changes: Sequence[str] = ()) -> Run:
    """The run that a TOML file describes.

    Args:
        kind: Of the run.
        readers: For each entry that is a table or a list of tables, what reads it; given ``{}`` where it is
            missing.
        changes: See :func:`.training_file.read_table`.

    Raises:
        TrainingConfigError: Not TOML, an unknown or missing entry, or a value of the wrong kind.
    """
    table = read_table(path, changes)
    try:
        made = {name: read(table.pop(name, {})) for name, read in readers.items()}
        if "lora" in table:
            made["lora"] = section(LoraSettings, table.pop("lora"), "lora.")
        return section(kind, table, "", **made)
    except TrainingConfigError as error:
        raise TrainingConfigError(f"{path}: {error.message}") from error
