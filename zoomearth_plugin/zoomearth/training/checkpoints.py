"""Checkpoints that can be trusted: whole or not there, of finite numbers, and of this architecture.

For every trainer built on the library's, as a mixin in front of it. What the library does and this does
not:

* It writes a checkpoint where it will be looked for. A full disk or a kill in the middle leaves a folder
  there that a resumed run takes for its last checkpoint. Here it is written beside and moved into place.
* It goes on when the loss is no number. Here the run stops before an optimizer step spoils the weights.
* It loads weights by the letter of their names, skips what does not match and says nothing. This
  architecture is saved under other names than it has in memory, so nothing would be loaded. Here its own
  loader reads them, strictly.
"""

from __future__ import annotations

import errno
import json
import logging
import shutil
import subprocess  # nosec B404 # asks git for the commit
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors import SafetensorError
from transformers import Qwen2_5_VLForConditionalGeneration, TrainerCallback
from transformers.trainer_utils import get_last_checkpoint, rotate_checkpoints

from ..core.errors import DiskFullError, ModelIncompatibleError, OutputUnwritableError, TrainingDivergedError
from ..models.weights import read_json_object

_LOG = logging.getLogger(__name__)
_UNFINISHED = "unfinished"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_WORDS = ("no space left", "disk quota exceeded", "os error 28", "os error 122", "file too large")
_WRITER_WORDS = ("pytorchstreamwriter failed", "unexpected pos", "file write failed")
_NEARLY_FULL_BYTES = 64 << 20
_NOT_SHAPE = {"dtype", "torch_dtype", "transformers_version", "use_cache", "architectures", "_name_or_path"}


class SafeCheckpoints:
    """Mixin for trainers; stands before the library's class in the list of bases."""

    args: Any
    accelerator: Any
    model: Any
    state: Any
    _staging: Path | None = None

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._staging) if self._staging else str(super()._get_output_dir(trial))  # type: ignore[misc]

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Save beside, then move into place; a full disk leaves what was there before.

        Raises:
            TrainingDivergedError: Weights are no numbers; nothing is written.
            DiskFullError: The previous checkpoint is kept.
            OutputUnwritableError: Likewise.
        """
        output = Path(self.args.output_dir)
        check_finite(self.model, self.state.global_step, output)
        staging = output / _UNFINISHED
        with naming_disk_trouble(output):
            if self.args.should_save:
                shutil.rmtree(staging, ignore_errors=True)
            self.accelerator.wait_for_everyone()
            try:
                self._staging = staging
                super()._save_checkpoint(model, trial)  # type: ignore[misc]
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
            finally:
                self._staging = None
            self.accelerator.wait_for_everyone()
            if self.args.should_save:
                _move_into_place(staging, output)
                rotate_checkpoints(str(output), self.args.save_total_limit)
            self.accelerator.wait_for_everyone()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Put a checkpoint's weights into the model.

        Raises:
            ModelIncompatibleError: It is of another architecture, or damaged.
        """
        target = self.accelerator.unwrap_model(model or self.model)
        folder = Path(resume_from_checkpoint)
        if isinstance(target, PeftModel):
            load_adapter(folder, target)
        else:
            target.load_state_dict(read_weights(folder, target), strict=True)


class DivergenceGuard(TrainerCallback):
    """Stops a run whose gradient is no number, before it reaches the weights."""

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Raises TrainingDivergedError; every process sees the same gradient."""
        gradients = [p.grad for p in kwargs["model"].parameters() if p.grad is not None]
        if gradients and not all(bool(torch.isfinite(one).all()) for one in gradients):
            raise diverged("the gradient is no number", state.global_step, Path(args.output_dir))


def check_loss(loss: torch.Tensor, trainer: Any) -> None:
    """Stop where the loss of any process is no number.

    Args:
        loss: A scalar.
        trainer: Whose; called by all of its processes.

    Raises:
        TrainingDivergedError: In all processes.
    """
    is_bad = trainer.accelerator.reduce((~torch.isfinite(loss.detach())).float(), reduction="sum")
    if float(is_bad) > 0:
        output = Path(trainer.args.output_dir)
        raise diverged(f"the loss became {float(loss.detach())}", trainer.state.global_step, output)


def check_finite(model: Any, step: int, output: Path) -> None:
    """Refuse weights that are no numbers.

    Raises:
        TrainingDivergedError: Names the first of them.
    """
    for name, weights in model.named_parameters():
        if not bool(torch.isfinite(weights).all()):
            raise diverged(f"{name} is no longer finite", step, output)


def diverged(what: str, step: int, output: Path) -> TrainingDivergedError:
    """The error of a run that cannot go on; says which checkpoint is the last good one.

    Args:
        what: What is wrong.
        step: Optimizer steps that were taken.
        output: Folder of the run's checkpoints.
    """
    good = get_last_checkpoint(str(output)) if output.is_dir() else None
    kept = f"the last good checkpoint is {good}" if good else "no checkpoint had been saved"
    _LOG.error("training stopped after step %d: %s; %s", step, what, kept)
    return TrainingDivergedError(f"after step {step}: {what}; {kept}")


def read_weights(folder: Path, model: Any) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint under the names that they have in memory.

    Args:
        folder: With ``config.json`` and safetensors.
        model: Whose architecture it must have.

    Raises:
        ModelIncompatibleError: It has another one, or cannot be read; says how.
    """
    check_architecture(folder, model.config)
    try:
        made: Any = Qwen2_5_VLForConditionalGeneration.from_pretrained(  # nosec B615 # a folder, never the hub
            folder, dtype=next(model.parameters()).dtype, output_loading_info=True, local_files_only=True
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelIncompatibleError(f"{folder} cannot be loaded: {error}") from error
    fresh, report = made
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise ModelIncompatibleError(f"{folder} lacks {len(missing)} weights, {missing[0]} among them")
    weights: dict[str, torch.Tensor] = fresh.state_dict()
    return weights


def check_architecture(folder: Path, config: Any) -> None:
    """Whether a checkpoint fits a model.

    Args:
        folder: With ``config.json``.
        config: Of the model that it is to go into.

    Raises:
        ModelIncompatibleError: It does not, or says nothing; names the first difference.
    """
    saved = read_json_object(folder / "config.json")
    wanted = json.loads(config.to_json_string(use_diff=False))
    for entry, value in sorted(_flat(wanted).items()):
        found = _flat(saved).get(entry, value)
        if found != value and entry.split(".")[-1] not in _NOT_SHAPE:
            raise ModelIncompatibleError(
                f"{folder} is of another architecture: its {entry} is {found!r}, not {value!r}",
                "Start with an empty output folder, or with the model that the checkpoint belongs to.",
            )


def load_adapter(folder: Path, model: Any) -> None:
    """Put a checkpoint's adapter into a model that has one of the same make.

    Raises:
        ModelIncompatibleError: It holds none, or one of another make.
    """
    name = model.active_adapters[0]
    saved = read_json_object(folder / "adapter_config.json")
    for entry in ("peft_type", "r", "lora_alpha", "target_modules", "base_model_name_or_path"):
        own = getattr(model.peft_config[name], entry)
        own = getattr(own, "value", own)
        found = saved.get(entry)
        if isinstance(own, (set, list)):
            own, found = sorted(own), sorted(found or [])
        if own != found:
            raise ModelIncompatibleError(
                f"{folder} holds another adapter: its {entry} is {found!r}, not {own!r}"
            )
    try:
        model.load_adapter(str(folder), name, is_trainable=True)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelIncompatibleError(f"{folder} cannot be loaded: {error}") from error


@contextmanager
def naming_disk_trouble(folder: Path) -> Iterator[None]:
    """Within: what writing into a folder fails with becomes the product's own error.

    Raises:
        DiskFullError: No room.
        OutputUnwritableError: No permission, or the folder is gone.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        kept = get_last_checkpoint(str(folder)) if folder.is_dir() else None
        kept_words = f"; {kept} is kept" if kept else ""
        if _is_disk_full(error, folder):
            raise DiskFullError(f"no room in {folder}: {error}{kept_words}") from error
        if isinstance(error, OSError):
            raise OutputUnwritableError(f"{folder}: {error}{kept_words}") from error
        raise


def current_commit() -> str:
    """The commit that the working folder is at; ``unknown`` outside of a repository."""
    asked = ["git", "rev-parse", "HEAD"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, check=True)  # nosec B603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()


def _move_into_place(staging: Path, output: Path) -> None:
    for fresh in staging.iterdir():
        shutil.rmtree(output / fresh.name, ignore_errors=True)
        fresh.rename(output / fresh.name)
    staging.rmdir()


def _is_disk_full(error: BaseException, folder: Path) -> bool:
    """Whether a failure to write means a full disk; the writers say so in different ways."""
    cause: BaseException | None = error
    while cause is not None:
        text = str(cause).lower()
        if getattr(cause, "errno", None) in _FULL or any(word in text for word in _FULL_WORDS):
            return True
        if any(word in text for word in _WRITER_WORDS):  # says that it failed, never why
            return shutil.disk_usage(folder).free < _NEARLY_FULL_BYTES
        cause = cause.__cause__ or cause.__context__
    return False


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Entries by their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat
