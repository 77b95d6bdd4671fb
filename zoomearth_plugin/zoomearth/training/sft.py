"""Supervised training on TRL: scenes and labelled imagery in, a model folder out.

Departures from plain supervised fine-tuning: samples are drawn on the fly from their index instead of
from a file; the loss has the auxiliary terms of :mod:`.objective`; the first weights may be random.
A killed run goes on from its last checkpoint with the samples that would have come next.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLForConditionalGeneration
from transformers.trainer_utils import get_last_checkpoint
from trl import SFTConfig as TrlConfig
from trl import SFTTrainer

from ..core.errors import TrainingConfigError
from .architecture import ATTENTION, build_model, grown_model, weigh_attention
from .checkpoints import (
    DivergenceGuard,
    SafeCheckpoints,
    check_loss,
    current_commit,
    naming_disk_trouble,
    read_weights,
)
from .collation import Encoder, coordinate_ids
from .config import SftConfig, Stage, read_config
from .leaving import leave
from .mixture import make_sampler
from .objective import TrainingHeads, compute_terms
from .optimizer import MuonWithAdamW
from .packing import Collator, additive_mask
from .picturing import image_processor
from .precision import is_mixed
from .samples import GroupMaker
from .speed import hasten_vision
from .tokenizer import build_tokenizer
from .wording import vocabulary

_LOG = logging.getLogger(__name__)
_HEADS = "training_heads."
_MODEL_INPUTS = ("input_ids", "position_ids", "mm_token_type_ids", "pixel_values", "image_grid_thw")


class LookingTrainer(SafeCheckpoints, SFTTrainer):
    """TRL's trainer with the loss of :mod:`.objective`; each term is logged under its name."""

    def __init__(self, *arguments: Any, coordinates: range, stage: Stage, **options: Any) -> None:
        self.stage = stage
        self.coordinates = coordinates
        super().__init__(*arguments, **options)
        # Batches have different numbers of tokens to learn; each term is a mean of its own.
        self.model_accepts_loss_kwargs = False

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Put a checkpoint's weights into the model, the training heads included."""
        target = self.accelerator.unwrap_model(model or self.model)
        folder = Path(resume_from_checkpoint)
        weights = {**read_weights(folder, target), **_saved_heads(folder)}
        target.load_state_dict(weights, strict=True)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Muon and AdamW instead of AdamW alone."""
        if self.optimizer is None:
            self.optimizer = MuonWithAdamW(
                (model or self.model).named_parameters(),
                learning_rate=self.args.learning_rate,
                weight_decay=self.args.weight_decay,
                adam_beta2=self.args.adam_beta2,
            )
        return self.optimizer

    def _send_telemetry(self) -> None:
        """Tells nobody: the library reports each run by default."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The weighted sum of all terms, a scalar."""
        outputs = model(
            **{name: inputs[name] for name in _MODEL_INPUTS},
            attention_mask=additive_mask(inputs["visible"], torch.float32),
            output_hidden_states=True,
            output_attentions=True,
            use_cache=False,
        )
        bare = self.accelerator.unwrap_model(model)
        embeddings = bare.get_input_embeddings().weight
        terms = compute_terms(
            outputs, inputs, bare.training_heads, self.coordinates, embeddings, self.stage.loss
        )
        for name, value in vars(terms).items():
            self._metrics["train"][name].append(float(value.detach()))
        loss = terms.total(self.stage.loss)
        check_loss(loss, self)
        return (loss, outputs) if return_outputs else loss


def main(config_path: Path, changes: Sequence[str] = ()) -> int:
    """Run every stage of a training file, each from the one before, and export the model."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    config = read_config(config_path, changes)
    tokenizer = build_tokenizer(vocabulary(config.look.side_px), config.look.side_px)
    model = _first_model(config, tokenizer)
    hasten_vision(model)
    _LOG.info("%.1f million parameters", sum(p.numel() for p in model.parameters()) / 1e6)
    samplers = [make_sampler(config, stage) for stage in config.stages]  # what is missing is missed now
    started = time.monotonic()
    for stage, sampler in zip(config.stages, samplers, strict=True):
        _train_stage(config, stage, sampler, model, tokenizer)
    processes = PartialState()
    if processes.is_main_process:
        export(model, tokenizer, config, Path(config.export))
    processes.wait_for_everyone()
    _LOG.info("trained for %.0f s in this process, exported to %s", time.monotonic() - started, config.export)
    leave()
    return 0


def _first_model(config: SftConfig, tokenizer: Any) -> Any:
    """A new model, or the base with the heads that live only in training."""
    if not config.base:
        model = build_model(config.shape, tokenizer, config.seed)
        model.training_heads = TrainingHeads(config.shape.text_width)
        return model
    base = Path(config.base)
    if config.grow_base:
        model = grown_model(base, config.shape, tokenizer, config.seed)
        model.training_heads = TrainingHeads(config.shape.text_width)
        model.load_state_dict(_saved_heads(base), strict=False)
        return model
    _check_vocabulary(base, tokenizer)
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(  # nosec B615 # a folder, never the hub
        base, attn_implementation=ATTENTION, dtype=torch.float32
    )
    model.training_heads = TrainingHeads(config.shape.text_width)
    model.load_state_dict(_saved_heads(base), strict=False)
    return model


def _check_vocabulary(base: Path, tokenizer: Any) -> None:
    """Refuse a base whose embeddings stand for other tokens than those that will be trained.

    Raises:
        TrainingConfigError: Its tokenizer is missing or another one.
    """
    try:
        own = PreTrainedTokenizerFast.from_pretrained(  # nosec B615 # a folder, never the hub
            str(base), local_files_only=True
        )
    except (OSError, ValueError) as error:
        raise TrainingConfigError(f"base {base}: {error}") from error
    if own.get_vocab() != tokenizer.get_vocab():
        raise TrainingConfigError(
            f"base {base}: its vocabulary of {len(own)} tokens is not this recipe's of {len(tokenizer)}"
        )


def _saved_heads(folder: Path) -> dict[str, torch.Tensor]:
    """The training heads in a checkpoint's weights; none in a finished model's."""
    saved = load_file(folder / "model.safetensors")
    return {name: value for name, value in saved.items() if name.startswith(_HEADS)}


def _train_stage(config: SftConfig, stage: Stage, sampler: GroupMaker, model: Any, tokenizer: Any) -> None:
    weigh_attention(model, stage.loss.pointing_layer)
    output = Path(config.output) / stage.name
    output.mkdir(parents=True, exist_ok=True)
    (output / "run.json").write_text(json.dumps(_provenance(config, stage), indent=1))
    encoder = Encoder(tokenizer, image_processor(config.shape, config.look.side_px), config.shape.merge_px)
    arguments = _arguments(config, stage, output)
    rows = Dataset.from_dict({"index": stage.groups(arguments.world_size)})
    trainer = LookingTrainer(
        model=model,
        args=arguments,
        train_dataset=rows,
        data_collator=Collator(encoder, sampler),
        processing_class=tokenizer,
        coordinates=coordinate_ids(tokenizer),
        stage=stage,
        callbacks=[DivergenceGuard()],
    )
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(output)))


def _arguments(config: SftConfig, stage: Stage, output: Path) -> TrlConfig:
    has_cuda = torch.cuda.is_available()
    return TrlConfig(
        output_dir=str(output),
        max_steps=stage.steps,
        per_device_train_batch_size=stage.batch_size,
        learning_rate=stage.learning_rate,
        lr_scheduler_type="cosine_with_min_lr",
        lr_scheduler_kwargs={"min_lr_rate": stage.final_share},
        warmup_steps=stage.warmup_steps,
        weight_decay=0.02,
        adam_beta2=0.98,
        max_grad_norm=1.0,
        bf16=is_mixed("auto"),
        use_cpu=not has_cuda,
        logging_steps=20,
        save_steps=config.save_steps,
        save_total_limit=2,
        seed=config.seed,
        dataloader_num_workers=config.loader_processes,
        dataloader_prefetch_factor=4 if config.loader_processes else None,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        report_to=["tensorboard"],
        gradient_checkpointing=False,
        disable_tqdm=True,
        # The heads and embeddings are used outside of the model's own forward, and every weight is used.
        ddp_find_unused_parameters=False,
    )


def _provenance(config: SftConfig, stage: Stage) -> dict[str, Any]:
    return {
        "config": dataclasses.asdict(config),
        "stage": stage.name,
        "commit": current_commit(),
        "imagery_sha256": _fingerprint(Path(config.imagery)) if stage.imagery_share > 0 else None,
    }


def _fingerprint(folder: Path) -> str:
    """SHA-256 over names and contents of all files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()


def export(model: Any, tokenizer: Any, config: SftConfig, folder: Path) -> None:
    """Write the model as every Qwen2.5-VL folder is laid out: half precision, no training heads.

    Written beside and moved into place, so a full disk leaves the previous model whole.

    Raises:
        DiskFullError: No room; the previous model is kept.
        OutputUnwritableError: Likewise.
    """
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    with naming_disk_trouble(folder.parent):
        _write_model(model, tokenizer, config, fresh)
        for keep in ("README.md", "training.json"):
            if (folder / keep).exists():
                shutil.copy(folder / keep, fresh / keep)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)


def _write_model(model: Any, tokenizer: Any, config: SftConfig, folder: Path) -> None:
    heads = model.training_heads
    del model.training_heads
    half = Qwen2_5_VLForConditionalGeneration(model.config)
    half.load_state_dict(model.state_dict())
    half.tie_weights()
    model.training_heads = heads
    half.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    image_processor(config.shape, config.look.side_px).save_pretrained(folder)
