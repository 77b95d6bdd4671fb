"""What a tuning run needs before its first step; whatever is missing is missed here."""

from __future__ import annotations

import os

from trl import SFTConfig as TrlConfig

from ..core.errors import TrainingConfigError
from .carrying_out import common_arguments
from .grpo_config import GrpoConfig
from .grpo_setup import Policy, load_policy
from .run_record import RunRecord
from .tuning_config import TUNING_MAY_CHANGE, TuningConfig
from .tuning_data import TuningRows


def load_base(config: TuningConfig) -> Policy:
    """The model to tune and how it is asked: the very policy that GRPO would go on from.

    Raises:
        ModelMissingError: No such folder, or one that lacks files.
        ModelIncompatibleError: Another architecture, or damaged.
        WeightsUnsafeError: Pickled weights, or code of its own.
        TrainingConfigError: A view that the model cannot name places in.
    """
    return load_policy(
        GrpoConfig(
            base=config.base,
            output=config.output,
            export=config.export,
            profile=config.profile,
            view_side_px=config.view_side_px,
            max_zooms=config.max_zooms,
        )
    )


def trl_arguments(config: TuningConfig, steps: int) -> TrlConfig:
    """The run as TRL's own configuration.

    Args:
        config: The run.
        steps: Optimizer steps.

    Raises:
        TrainingConfigError: The rows of a step cannot be shared among the processes.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    passes, rest = divmod(config.batch, config.rows_per_device * processes)
    if rest:
        raise TrainingConfigError(
            f"{config.batch} rows a step cannot be shared by {processes} processes in passes of "
            f"{config.rows_per_device}"
        )
    return TrlConfig(
        **common_arguments(config),
        max_steps=steps,
        gradient_accumulation_steps=passes,
        dataloader_num_workers=config.loader_processes,
        dataloader_prefetch_factor=4 if config.loader_processes else None,
        train_sampling_strategy="sequential",  # the rows stand in the order in which they are learned
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
    )


def run_record(config: TuningConfig, base: Policy, rows: TuningRows) -> RunRecord:
    """What tells this run from another."""
    more = {"rows": list(rows.counts)}
    return RunRecord(config, TUNING_MAY_CHANGE, base.revision, base.profile.name, rows.fingerprint, more)
