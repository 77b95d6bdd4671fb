"""A training run as a TOML file says it: read once, frozen, saved beside every result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import TrainingConfigError
from .architecture import Shape
from .objective import Weights
from .samples import LookSettings
from .training_file import list_of_tables, read_table, section


@dataclass(frozen=True)
class Stage:
    """One stretch of training with its own data mix and learning rate.

    Args:
        name: Folder of its checkpoints.
        steps: Optimizer steps.
        batch_size: Groups of conversations a step and process.
        learning_rate: Peak, after ``warmup_steps``; then a cosine down to ``final_share`` of it.
        imagery_share: Share of samples from labelled real imagery, 0 to 1; the rest are scenes.
        loss: How much each of its terms counts.
        first_index: Samples ``first_index …`` are used; must stay below 1,000,000 for scenes.
    """

    name: str
    steps: int
    learning_rate: float
    batch_size: int = 16
    warmup_steps: int = 100
    final_share: float = 0.05
    imagery_share: float = 0.0
    first_index: int = 0
    loss: Weights = field(default_factory=Weights)

    def groups(self, processes: int) -> range:
        """Indices of all groups that so many processes take, each ``batch_size`` a step.

        Raises:
            TrainingConfigError: They reach the seeds that are kept for evaluation.
        """
        indices = range(self.first_index, self.first_index + self.steps * self.batch_size * processes)
        if indices.stop > 1_000_000:
            raise TrainingConfigError(f"stage {self.name} reaches the seeds kept for evaluation")
        return indices


@dataclass(frozen=True)
class SftConfig:
    """A supervised run.

    Args:
        output: Folder for checkpoints and logs, relative to the working folder.
        export: Folder that receives the finished model.
        seed: Of weights and order.
        grow_base: The base may lack words of the recipe's; what both know is kept.
        imagery: Folder of labelled imagery, relative to the working folder.
        base: Folder of a model, with its tokenizer, to go on from; empty for a new one of ``shape``.
    """

    output: str
    export: str
    seed: int = 0
    base: str = ""
    grow_base: bool = False
    imagery: str = ""
    save_steps: int = 250
    loader_processes: int = 1
    stages: tuple[Stage, ...] = ()
    shape: Shape = field(default_factory=Shape)
    look: LookSettings = field(default_factory=LookSettings)

    def __post_init__(self) -> None:
        if not self.stages:
            raise TrainingConfigError("a training file needs at least one [[stages]] table")
        for stage in self.stages:
            stage.groups(processes=1)


def read_config(path: Path, changes: Sequence[str] = ()) -> SftConfig:
    """The run that a TOML file describes.

    Args:
        changes: See :func:`.training_file.read_table`.

    Raises:
        TrainingConfigError: Not TOML, an unknown or missing entry, or a value of the wrong kind.
    """
    table = read_table(path, changes)
    try:
        stages = tuple(map(_stage, list_of_tables(table.pop("stages", []), "stages")))
        shape = section(Shape, table.pop("shape", {}), "shape.")
        look = section(LookSettings, table.pop("look", {}), "look.")
        return section(SftConfig, table, "", stages=stages, shape=shape, look=look)
    except TrainingConfigError as error:
        raise TrainingConfigError(f"{path}: {error.message}") from error


def _stage(entries: dict[str, Any]) -> Stage:
    loss = section(Weights, entries.pop("loss", {}), "stages.loss.")
    return section(Stage, entries, "stages.", loss=loss)
