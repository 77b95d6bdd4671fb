"""What every run on a :class:`.grpo_setup.Policy` does alike: TRL's arguments, going on, exporting."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch
from transformers.trainer_utils import get_last_checkpoint

from .checkpoints import naming_disk_trouble
from .grpo_export import export_policy
from .precision import is_mixed
from .run_record import RunRecord, check_same_run, write_run

_LOG = logging.getLogger(__name__)


def common_arguments(config: Any) -> dict[str, Any]:
    """TRL's arguments that a run's entries give in one way.

    Args:
        config: A :class:`.grpo_config.GrpoConfig` or :class:`.tuning_config.TuningConfig`.

    Raises:
        TrainingConfigError: The device lacks the precision.
    """
    return {
        "output_dir": config.output,
        "per_device_train_batch_size": config.rows_per_device,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": config.schedule,
        "warmup_steps": config.warmup_steps,
        "weight_decay": config.weight_decay,
        "max_grad_norm": config.max_grad_norm,
        "gradient_checkpointing": config.gradient_checkpointing,
        "ddp_find_unused_parameters": False,  # every row has a picture, so every weight takes part
        "bf16": is_mixed(config.precision),
        "use_cpu": not torch.cuda.is_available(),
        "seed": config.seed,
        "save_steps": config.save_steps,
        "save_total_limit": config.keep_checkpoints,
        "logging_steps": 1,
        "report_to": ["tensorboard"],
        "disable_tqdm": True,
        "remove_unused_columns": False,
    }


def carry_out(trainer: Any, policy: Any, record: RunRecord) -> None:
    """From the last checkpoint, where there is one, to the end, and export.

    Args:
        trainer: Built for the record's configuration.
        policy: The model that it trains, with what it takes to ask it.
        record: What tells this run from another.

    Raises:
        TrainingConfigError: The checkpoints are another run's.
        TrainingDivergedError: Numbers that are none; the last good checkpoint is kept.
        DiskFullError: While saving; the last checkpoint is kept.
        ModelIncompatibleError: The last checkpoint is of another architecture.
    """
    config = record.config
    output = Path(config.output)
    last = get_last_checkpoint(str(output)) if output.is_dir() else None
    if last is not None:
        check_same_run(output, record)
        _LOG.info("going on from %s", last)
    trainer.accelerator.wait_for_everyone()  # all have read what the first is about to write
    if trainer.accelerator.is_main_process:
        write_run(output, record)
    with naming_disk_trouble(output):
        trainer.train(resume_from_checkpoint=last)
    if trainer.accelerator.is_main_process:
        export_policy(
            trainer.accelerator.unwrap_model(trainer.model),
            tokenizer=policy.processor.tokenizer,
            images=policy.asking.images,
            profile=policy.profile,
            dtype=getattr(torch, config.export_dtype),
            folder=Path(config.export),
        )
        _LOG.info("exported to %s", config.export)
    trainer.accelerator.wait_for_everyone()
