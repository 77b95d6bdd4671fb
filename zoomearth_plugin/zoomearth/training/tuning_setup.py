"""What a tuning run needs before its first step; whatever is missing is missed here."""

from __future__ import annotations

import os

import torch
from trl import SFTConfig as TrlConfig

from ..core.errors import TrainingConfigError
from .grpo_config import GrpoConfig
from .grpo_setup import Policy, load_policy
from .precision import is_mixed
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
        output_dir=config.output,
        max_steps=steps,
        per_device_train_batch_size=config.rows_per_device,
        gradient_accumulation_steps=passes,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.schedule,
        warmup_steps=config.warmup_steps,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        gradient_checkpointing=config.gradient_checkpointing,
        ddp_find_unused_parameters=False,  # every row has a picture, so every weight takes part
        bf16=is_mixed(config.precision),
        use_cpu=not torch.cuda.is_available(),
        seed=config.seed,
        save_steps=config.save_steps,
        save_total_limit=config.keep_checkpoints,
        logging_steps=1,
        report_to=["tensorboard"],
        disable_tqdm=True,
        dataloader_num_workers=config.loader_processes,
        dataloader_prefetch_factor=4 if config.loader_processes else None,
        train_sampling_strategy="sequential",  # the rows stand in the order in which they are learned
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
    )


def run_record(config: TuningConfig, base: Policy, rows: TuningRows) -> RunRecord:
    """What tells this run from another."""
    more = {"rows": list(rows.counts)}
    return RunRecord(config, TUNING_MAY_CHANGE, base.revision, base.profile.name, rows.fingerprint, more)
