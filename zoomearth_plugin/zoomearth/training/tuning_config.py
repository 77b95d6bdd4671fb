"""Supervised tuning of a whole model as a TOML file says it: read once, frozen, saved beside every result.

A file with ``[[data]]`` tables is one of these; a file with ``[[stages]]`` trains a small model from
nothing (:mod:`.config`). Defaults are the published ones (``src/train/SFT.py`` of
github.com/earth-insights/ZoomEarth) where there are any: learning rate 3e-5, falling in a straight line
after 500 steps of warm-up, weight decay 0.01, four rows a step, three times through the data, every
weight trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ..core.errors import TrainingConfigError
from .data.reading import DataSource, data_source
from .run_settings import MAY_CHANGE, RunSettings, read_run
from .training_file import list_of_tables, read_table, section

TUNING_MAY_CHANGE = MAY_CHANGE | {"epochs", "loader_processes"}
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
class TuningConfig(RunSettings):
    """A supervised run on questions with their truth.

    ``base`` may also be a hub id of which a copy is on this machine; rows with a box zoom once, whatever
    ``max_zooms`` allows, and :func:`.tuning_architecture.optimizer_groups` says what decays.

    Args:
        epochs: Times through the data; see :func:`.tuning_data.mixed_order` for several data sets.
        steps: Optimizer steps instead of epochs; 0 for epochs.
        jitter: Standard deviation of a crop's shift, in shares of its side; the box stays inside.
        reasoning: Whether the reasoning that LRS-GRO's supervised rows carry is learned.
        max_tokens: Longest sequence; a longer row is an error, never cut.
        loader_processes: That read pictures beside each training process.
        data: Where rows come from; at least one.
        thoughts: Used where rows have no reasoning.
    """

    seed: int = 42
    learning_rate: float = 3e-5
    warmup_steps: int = 500
    weight_decay: float = 0.01
    save_steps: int = 100
    epochs: int = 3
    jitter: float = 0.0
    reasoning: bool = True
    max_tokens: int = 4096
    loader_processes: int = 1
    data: tuple[DataSource, ...] = ()
    thoughts: Thoughts = field(default_factory=Thoughts)

    LEAST: ClassVar[dict[str, float]] = {
        **RunSettings.LEAST, "epochs": 1, "max_zooms": 1, "jitter": 0, "max_tokens": 16,
        "loader_processes": 0,
    }  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch % self.rows_per_device:
            raise TrainingConfigError(
                f"{self.batch} rows a step cannot be cut into passes of {self.rows_per_device}"
            )
        if not self.data:
            raise TrainingConfigError("a tuning file needs at least one [[data]] table")


def read_tuning_config(path: Path, changes: Sequence[str] = ()) -> TuningConfig:
    """The run that a TOML file describes; raises as :func:`.run_settings.read_run` does."""
    return read_run(path, TuningConfig, {"data": _sources, "thoughts": _thoughts}, changes)


def is_tuning_file(path: Path) -> bool:
    """Whether a file of ``zoomearth train sft`` tunes a whole model on ``[[data]]``.

    Raises:
        TrainingConfigError: It cannot be read, is no TOML, or has stages, too.
    """
    table = read_table(path)
    if "data" in table and "stages" in table:
        raise TrainingConfigError(f"{path}: either [[data]] or [[stages]]; they are different runs")
    return "data" in table


def _thoughts(entries: Any) -> Thoughts:
    return section(Thoughts, entries, "thoughts.")


def _sources(entries: Any) -> tuple[DataSource, ...]:
    return tuple(map(data_source, list_of_tables(entries or [], "data")))
