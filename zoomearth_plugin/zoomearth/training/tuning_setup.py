"""What a tuning run needs before its first step; whatever is missing is missed here."""

from __future__ import annotations

import dataclasses
import json
import os
from importlib.metadata import version
from pathlib import Path

import torch
from trl import SFTConfig as TrlConfig

from ..core.errors import TrainingConfigError
from .checkpoints import current_commit, naming_disk_trouble
from .grpo_config import GrpoConfig
from .grpo_setup import Policy, load_policy
from .tuning_config import TUNING_MAY_CHANGE, TuningConfig
from .tuning_data import TuningRows

_RUN_FILE = "run.json"


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
        bf16=_is_mixed(config),
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


def write_run(config: TuningConfig, base: Policy, rows: TuningRows) -> None:
    """Write ``run.json``: all that is needed to tell this run from another.

    Raises:
        DiskFullError: No room.
        OutputUnwritableError: No permission.
    """
    output = Path(config.output)
    run = {
        "config": dataclasses.asdict(config),
        "commit": current_commit(),
        "base_revision": base.revision,
        "profile": base.profile.name,
        "data_sha256": rows.fingerprint,
        "rows": list(rows.counts),
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
        "versions": {name: version(name) for name in ("torch", "transformers", "trl", "peft", "accelerate")},
    }
    with naming_disk_trouble(output.parent):
        output.mkdir(parents=True, exist_ok=True)
        fresh = output / f"{_RUN_FILE}.new"
        fresh.write_text(json.dumps(run, indent=1), encoding="utf-8")
        fresh.rename(output / _RUN_FILE)


def check_same_run(config: TuningConfig, base: Policy, rows: TuningRows) -> None:
    """Whether checkpoints in the output folder are this run's.

    Raises:
        TrainingConfigError: They are of another; names what differs.
    """
    path = Path(config.output) / _RUN_FILE
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        now = json.loads(json.dumps(dataclasses.asdict(config)))
        then = saved["config"]
        changed = [
            name
            for name in sorted({*now, *then})
            if name not in TUNING_MAY_CHANGE and now.get(name) != then.get(name)
        ]
        changed += ["the base's weights"] if saved["base_revision"] != base.revision else []
        changed += ["the data's rows"] if saved["data_sha256"] != rows.fingerprint else []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingConfigError(f"{path}, beside checkpoints, cannot be read: {error}") from error
    if changed:
        raise TrainingConfigError(
            f"{config.output} holds checkpoints of another run: {', '.join(changed)} differ",
            "Choose another output folder, or remove the old checkpoints.",
        )


def _is_mixed(config: TuningConfig) -> bool:
    """Mixed precision; a processor without matrix tiles is slower with it."""
    if config.precision != "auto":
        return config.precision == "bfloat16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))
