"""Supervised tuning of a whole model on TRL: it learns to look, to point, to look again, and to answer.

``zoomearth train sft CONFIG.toml`` with a file that has ``[[data]]``; on many devices ``accelerate launch
… -m zoomearth train sft …``. A killed run goes on from its last checkpoint with the loss curve of an
undisturbed one.

Departures from the published training (``src/train/SFT.py`` of github.com/earth-insights/ZoomEarth):

* A row is the sequence that the product shows and reads (:mod:`.tuning_dialogues`): the box is written in
  pixels of the view that is shown, a crop holds all of its box, and the token that ends a turn in order
  to zoom is learned.
* Weights are kept in float32 and computed with in bfloat16; theirs are kept in bfloat16, too.
* Rows are learned in a new order each time through; theirs come in the file's.
* Images are read by windows, never as a whole.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback
from trl import SFTTrainer

from ..core.errors import TrainingConfigError
from .adapters import adapters, bare_model
from .carrying_out import carry_out
from .checkpoints import DivergenceGuard, SafeCheckpoints, check_loss
from .grpo_setup import Policy
from .leaving import leave
from .speed import hasten_vision
from .tuning_batches import TuningCollator
from .tuning_config import TuningConfig, read_tuning_config
from .tuning_data import TuningRows, open_rows, steps_of
from .tuning_dialogues import DialogueWriter
from .tuning_setup import load_base, run_record, trl_arguments

_LOG = logging.getLogger(__name__)
_SHOWN = {
    "loss": "loss",
    "mean_token_accuracy": "tokens right",  # nosec B105 # a metric, no password
    "grad_norm": "gradient",
    "learning_rate": "rate",
    "num_tokens": "tokens",
}
"""Metrics of the console's line, and what they are called there."""


class TuningTrainer(SafeCheckpoints, SFTTrainer):
    """TRL's trainer with checkpoints that can be trusted; it stops where the loss is no number."""

    def compute_loss(self, model: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        """TRL's loss: the mean over all learned tokens of a step."""
        made = super().compute_loss(model, inputs, *arguments, **options)  # type: ignore[no-untyped-call]
        check_loss(made[0] if isinstance(made, tuple) else made, self)
        return made

    def _send_telemetry(self) -> None:
        """Nothing about a run leaves the machine."""

    def create_model_card(self, *arguments: Any, **options: Any) -> None:
        """The library's card would say nothing of this model."""


class TuningConsole(TrainerCallback):
    """One line a step in the log."""

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Told of every step's metrics; the first process speaks for all."""
        if not state.is_world_process_zero or not logs or "loss" not in logs:
            return
        said = [f"{label} {float(logs[name]):.4g}" for name, label in _SHOWN.items() if name in logs]
        _LOG.info("step %d/%d: %s", state.global_step, state.max_steps, ", ".join(said))


def main(config_path: Path, changes: Sequence[str] = ()) -> int:
    """Run a training file with ``[[data]]`` to its end and export the model."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    config = read_tuning_config(config_path, changes)
    rows = open_rows(config)
    base = load_base(config)
    trainer = build_trainer(config, base, rows)
    train(trainer, config, base, rows)
    leave()
    return 0


def build_trainer(config: TuningConfig, base: Policy, rows: TuningRows) -> TuningTrainer:
    """A trainer before its first step.

    Raises:
        TrainingConfigError: Rows and processes do not go together, the warm-up outlasts the run, or weights
            would be shared out among the processes.
    """
    steps = steps_of(config, len(rows))
    if config.freeze_vision:
        base.model.model.visual.requires_grad_(False)
    order = rows.order(steps * config.batch, config.seed)
    trainer = TuningTrainer(
        model=base.model,
        args=trl_arguments(config, steps),
        train_dataset=Dataset.from_dict({"row": order, "place": range(len(order))}),
        data_collator=make_collator(config, base, rows),
        processing_class=base.processor.tokenizer,
        peft_config=adapters(config.lora, with_vision=not config.freeze_vision),
        callbacks=[DivergenceGuard(), TuningConsole()],
    )
    trainer.remove_callback(PrinterCallback)
    deepspeed = trainer.accelerator.state.deepspeed_plugin
    if trainer.is_fsdp_enabled or (deepspeed is not None and deepspeed.zero_stage == 3):
        raise TrainingConfigError("checkpoints are of whole weights: use DeepSpeed's ZeRO 1 or 2, or neither")
    if trainer.accelerator.device.type == "cpu":
        hasten_vision(bare_model(trainer.accelerator.unwrap_model(trainer.model)))
    return trainer


def make_collator(config: TuningConfig, base: Policy, rows: TuningRows) -> TuningCollator:
    """What turns rows into batches; their pictures are read where it is called.

    Raises:
        DataInvalidError: The model's vocabulary lacks words of a row.
    """
    writer = DialogueWriter(
        rows,
        base.asking,
        base.processor.tokenizer,
        config.thoughts,
        jitter=config.jitter,
        max_tokens=config.max_tokens,
        seed=config.seed,
    )
    writer.check()
    return TuningCollator(writer, base.asking.tokens.image_id, base.asking.pad_id)


def train(trainer: TuningTrainer, config: TuningConfig, base: Policy, rows: TuningRows) -> None:
    """From the last checkpoint, where there is one, to the end, and export.

    Raises:
        TrainingDivergedError: Numbers that are none; the last good checkpoint is kept.
        DiskFullError: While saving; the last checkpoint is kept.
        ModelIncompatibleError: The last checkpoint is of another architecture.
    """
    if trainer.accelerator.is_main_process:
        trained = sum(one.numel() for one in trainer.model.parameters() if one.requires_grad)
        _LOG.info("%d rows; %.1f million weights to train", len(rows), trained / 1e6)
    carry_out(trainer, base, run_record(config, base, rows))
