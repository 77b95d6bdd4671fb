"""Supervised tuning of a whole model as a TOML file says it: read once, frozen, saved beside every result.

A file with ``[[data]]`` tables is one of these; a file with ``[[stages]]`` trains a small model from
nothing (:mod:`.config`). Defaults are the published ones (``src/train/SFT.py`` of
github.com/earth-insights/ZoomEarth) where there are any: learning rate 3e-5, falling in a straight line
after 500 steps of warm-up, weight decay 0.01, four rows a step, three times through the data, every
weight trained.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import TrainingConfigError
from ..core.types import Options
from .data.reading import DataSource, data_source
from .grpo_config import SCHEDULES, LoraSettings
from .training_file import at_least, one_of, read_table, section

TUNING_MAY_CHANGE = frozenset(
    {
        "output",
        "epochs",
        "steps",
        "save_steps",
        "keep_checkpoints",
        "export",
        "export_dtype",
        "loader_processes",
    }
)
"""Entries that a run which goes on from its checkpoints may have otherwise than it began."""


@dataclass(frozen=True)
class Thoughts:
    """What is written where the data holds no reasoning of its own.

    ``{type}`` and ``{level}`` stand for the question's.

    Args:
        overall: Thought before an answer from the overview.
        place: Thought before a box.
        label: Of a box.
        enlarged: Thought before an answer from a zoomed picture.
    """

    overall: str = "The question is about the image as a whole, and the overview shows it."
    place: str = (
        "The question is about one place. In the overview it is too small to judge, so I look at it enlarged."
    )
    label: str = "the place asked about"
    enlarged: str = "The enlarged picture shows the place, and what is asked can be read from it."


@dataclass(frozen=True)
class TuningConfig:
    """A supervised run on questions with their truth.

    Args:
        base: Folder of the model to start from, or a hub id of which a copy is on this machine.
        output: Folder for checkpoints and logs, relative to the working folder.
        export: Folder that receives the finished model.
        profile: Name or file of the model's profile: how it is asked. Empty for what the product finds
            for ``base``.
        seed: Of order and jitter.
        epochs: Times through the data; see :func:`.tuning_data.mixed_order` for several data sets.
        steps: Optimizer steps instead of epochs; 0 for epochs.
        batch: Rows in one step, over all processes.
        rows_per_device: Rows in one forward and backward pass of one process; bounds the memory.
        learning_rate: Peak.
        schedule: Of the learning rate, one of :data:`.grpo_config.SCHEDULES`.
        warmup_steps: Up to the peak.
        weight_decay: Of the optimizer; see :func:`.tuning_architecture.optimizer_groups` for what decays.
        max_grad_norm: Gradients are clipped to it.
        view_side_px: Longer side of a view; 0 for the profile's.
        max_zooms: What the model is told it may do; rows with a box zoom once.
        jitter: Standard deviation of a crop's shift, in shares of its side; the box stays inside.
        reasoning: Whether the reasoning that LRS-GRO's supervised rows carry is learned.
        max_tokens: Longest sequence; a longer row is an error, never cut.
        save_steps: Steps between checkpoints.
        keep_checkpoints: How many; the others are deleted.
        loader_processes: That read pictures beside each training process.
        freeze_vision: Whether the vision tower stays as it is.
        gradient_checkpointing: Less memory for more time.
        precision: ``float32``, ``bfloat16`` (mixed), or ``auto``: mixed where the device is made for it.
        export_dtype: ``float16`` or ``bfloat16``.
        data: Where rows come from; at least one.
        thoughts: Used where rows have no reasoning.
        lora: Adapters in place of training every weight.
    """

    base: str
    output: str
    export: str
    profile: str = ""
    seed: int = 42
    epochs: int = 3
    steps: int = 0
    batch: int = 4
    rows_per_device: int = 1
    learning_rate: float = 3e-5
    schedule: str = "linear"
    warmup_steps: int = 500
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    view_side_px: int = 0
    max_zooms: int = Options.max_zooms
    jitter: float = 0.0
    reasoning: bool = True
    max_tokens: int = 4096
    save_steps: int = 100
    keep_checkpoints: int = 2
    loader_processes: int = 1
    freeze_vision: bool = False
    gradient_checkpointing: bool = False
    precision: str = "auto"
    export_dtype: str = "float16"
    data: tuple[DataSource, ...] = ()
    thoughts: Thoughts = field(default_factory=Thoughts)
    lora: LoraSettings | None = None

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            at_least(name, getattr(self, name), least)
        for name, words in _WORDS.items():
            one_of(name, getattr(self, name), words)
        for name in ("learning_rate", "max_grad_norm"):
            if not 0 < getattr(self, name) < math.inf:
                raise TrainingConfigError(f"{name} must be above 0, not {getattr(self, name)}")
        if self.batch % self.rows_per_device:
            raise TrainingConfigError(
                f"{self.batch} rows a step cannot be cut into passes of {self.rows_per_device}"
            )
        if not self.data:
            raise TrainingConfigError("a tuning file needs at least one [[data]] table")


_LEAST = {
    "seed": 0, "epochs": 1, "steps": 0, "batch": 1, "rows_per_device": 1, "warmup_steps": 0,
    "weight_decay": 0, "view_side_px": 0, "max_zooms": 1, "jitter": 0, "max_tokens": 16, "save_steps": 1,
    "keep_checkpoints": 1, "loader_processes": 0,
}  # fmt: skip
_WORDS = {
    "schedule": SCHEDULES,
    "precision": ("auto", "float32", "bfloat16"),
    "export_dtype": ("float16", "bfloat16"),
}


def read_tuning_config(path: Path) -> TuningConfig:
    """The run that a TOML file describes.

    Raises:
        TrainingConfigError: Not TOML, an unknown or missing entry, or a value of the wrong kind.
    """
    table = read_table(path)
    try:
        sections: dict[str, Any] = {
            "data": _sources(table.pop("data", [])),
            "thoughts": section(Thoughts, table.pop("thoughts", {}), "thoughts."),
        }
        if "lora" in table:
            sections["lora"] = section(LoraSettings, table.pop("lora"), "lora.")
        return section(TuningConfig, table, "", **sections)
    except TrainingConfigError as error:
        raise TrainingConfigError(f"{path}: {error.message}") from error


def is_tuning_file(path: Path) -> bool:
    """Whether a file of ``zoomearth train sft`` tunes a whole model on ``[[data]]``.

    Raises:
        TrainingConfigError: It cannot be read, is no TOML, or has stages, too.
    """
    table = read_table(path)
    if "data" in table and "stages" in table:
        raise TrainingConfigError(f"{path}: either [[data]] or [[stages]]; they are different runs")
    return "data" in table


def _sources(tables: Any) -> tuple[DataSource, ...]:
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise TrainingConfigError("data is a list of tables: [[data]]")
    return tuple(data_source(one) for one in tables)
