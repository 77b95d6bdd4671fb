"""What a training file will need, told before it runs: parameters, batches, memory and time per GPU.

``zoomearth train sft|grpo CONFIG.toml --dry-run``. Neither weights nor data nor a GPU are needed: the
model goes through one pass as shapes (:mod:`.tuning_architecture`, :mod:`.tuning_costs`). Counted are
parameters, FLOPs and kept bytes; assumed, and told so, are how long the texts are and how fast a GPU is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.errors import TrainingConfigError
from ..core.frames import PixelBox, view_size
from ..models.loading import resolve_profile
from ..models.processor import snapped_side
from ..models.profile import Handover, Profile
from ..perception import prompts
from .grpo_config import GrpoConfig, read_grpo_config
from .run_settings import LoraSettings
from .training_file import read_table
from .tuning_architecture import optimizer_groups, parts_of, published_configuration, shape_of_model
from .tuning_config import TuningConfig, read_tuning_config
from .tuning_costs import BatchShape, PassCost, batch_of, cost_of
from .tuning_data import steps_of
from .tuning_memory import SCHEMES, Holding, cache_bytes, held_bytes, training_bytes, with_losses

GPUS = {"A100 80 GB": 312e12, "H100 80 GB": 989e12}
"""FLOP/s in bfloat16 without sparsity, from NVIDIA's data sheets."""
UTILIZATION = 0.4
DECODE_S = 0.035
"""One more token of every rollout: bound by the launching of kernels, not by the GPU's speed."""
CHARACTERS_PER_TOKEN = 4.0
TURN_TOKENS = 160
LONG_TURN_TOKENS = 512
QUESTION = "Is the left-most vehicle bridge beside the harbour basin made of concrete or of metal?"
ROWS = {"sft": 1011, "rl": 2500}
"""Published sizes of LRS-GRO's splits."""


@dataclass(frozen=True)
class Plan:
    """A run, as far as costs go.

    Args:
        kind: ``sft`` or ``grpo``.
        config: As it was read.
        profile: How the model is asked.
        base: Configuration of the model.
        side_px: Longer side of a view.
        turn_tokens: Most that is written in a turn.
    """

    kind: str
    config: TuningConfig | GrpoConfig
    profile: Profile
    base: Any
    side_px: int
    turn_tokens: int

    @property
    def rollouts(self) -> int:
        """Rows of one step."""
        return self.config.batch * (self.config.num_generations if isinstance(self.config, GrpoConfig) else 1)

    @property
    def mixed(self) -> bool:
        """``auto`` is mixed on the GPUs that this is about."""
        return self.config.precision != "float32"

    @property
    def has_reference(self) -> bool:
        return isinstance(self.config, GrpoConfig) and self.config.beta > 0 and self.config.lora is None

    def shape(self, turn_tokens: int) -> BatchShape:
        """One pass of one process in which every dialogue zooms once."""
        vision = self.base.vision_config
        factor = vision.patch_size * vision.spatial_merge_size
        size = view_size(PixelBox(0, 0, 5000, 5000), self.side_px)  # LRS-GRO's images are about that large
        grid = tuple(snapped_side(side, factor) // vision.patch_size for side in reversed(size))
        picture = grid[0] * grid[1] // vision.spatial_merge_size**2
        opening = picture + 2 + self._text_tokens(self._opening())
        between = picture + 2 + self._text_tokens(self._between())
        zooms = min(1, self.config.max_zooms)
        completion = (1 + zooms) * (turn_tokens + 1) + zooms * between
        return BatchShape(
            rows=self.config.rows_per_device,
            length=opening + completion,
            completion=completion,
            grid=(grid[0], grid[1]),
            pictures=1 + zooms,
        )

    def learned(self, shape: BatchShape, turn_tokens: int) -> int:
        """Tokens of a pass that the head is computed for."""
        return shape.rows * (shape.completion if self.kind == "grpo" else shape.pictures * (turn_tokens + 1))

    def _opening(self) -> str:
        said = prompts.first_text(self.profile, QUESTION, self.config.max_zooms > 0)
        return f"system\n{self.profile.prompt.system}\nuser\n{said}\nassistant\n"

    def _between(self) -> str:
        if self.profile.handover is Handover.ASSISTANT_TURN:
            return ""
        return f"user\n{prompts.next_text(self.profile, QUESTION, self.config.max_zooms > 1)}\nassistant\n"

    @staticmethod
    def _text_tokens(text: str) -> int:
        return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def read_plan(path: Path, kind: str = "", changes: Sequence[str] = ()) -> Plan:
    """The plan of a training file.

    Args:
        path: The file.
        kind: ``sft`` or ``grpo``; empty to tell from its data: supervised data have a ``path``.
        changes: See :func:`.training_file.read_table`.

    Raises:
        TrainingConfigError: It is wrong, or trains a small model from nothing.
        ModelMissingError: Its base is neither here nor of published shape.
        ModelIncompatibleError: Its base is of another architecture.
    """
    table = read_table(path, changes)
    if "stages" in table:
        raise TrainingConfigError(
            f"{path} trains a small model, whose needs are small",
            "A dry run is for files that tune a whole model: [[data]] for sft, [data] for grpo.",
        )
    sources = table.get("data")
    is_tuning = isinstance(sources, list) and any("path" in one for one in sources)
    kind = kind or ("sft" if is_tuning else "grpo")
    config: TuningConfig | GrpoConfig
    if kind == "sft":
        config, turn = read_tuning_config(path, changes), LONG_TURN_TOKENS
    else:
        config = read_grpo_config(path, changes)
        turn = config.max_new_tokens
    base = published_configuration(config.base, config.profile)
    profile = resolve_profile(config.profile or config.base)
    side_px = config.view_side_px or profile.view_side_px
    return Plan(kind, config, profile, base, side_px, turn or profile.max_new_tokens)


def describe(path: Path, kind: str = "", changes: Sequence[str] = ()) -> str:
    """What a training file will need, as text.

    Args:
        path: The file.
        kind: ``sft`` or ``grpo``; empty to tell from the file.

    Raises:
        TrainingConfigError: It is wrong.
        ModelMissingError: Its base is neither here nor of published shape.
        ModelIncompatibleError: Its base is of another architecture.
    """
    plan = read_plan(path, kind, changes)
    lora: LoraSettings | None = plan.config.lora
    model = shape_of_model(plan.base, lora, freeze_vision=plan.config.freeze_vision)
    usual, longest = plan.shape(TURN_TOKENS), plan.shape(plan.turn_tokens)
    costs = {shape: _cost(plan, model, shape) for shape in (usual, longest)}
    text = plan.base.text_config
    holding = Holding(
        parts_of(model),
        plan.has_reference,
        plan.mixed,
        plan.config.gradient_checkpointing,
        text.vocab_size,
        text.hidden_size,
    )
    lines = [f"{path.name}: {plan.kind} of {plan.config.base}, asked as {plan.profile.name}", ""]
    lines += _parameters(model, holding)
    lines += ["", *_batches(plan, usual, longest, costs)]
    lines += ["", *_memory(plan, holding, longest, costs[longest])]
    lines += ["", *_times(plan, usual, costs[usual])]
    return "\n".join(lines)


def _cost(plan: Plan, model: Any, shape: BatchShape) -> PassCost:
    """Of a pass, counted on one of its rows."""
    batch = batch_of(replace(shape, rows=1), plan.base)
    return cost_of(model, batch, mixed=plan.mixed).of_rows(shape.rows)


def step_seconds(plan: Plan, shape: BatchShape, cost: PassCost, gpus: int, flops_per_s: float) -> float:
    """One optimizer step.

    Args:
        plan: The run.
        shape: Of a usual pass.
        cost: Of its forward pass without the head.
        gpus: How many share the step.
        flops_per_s: That a GPU really does.
    """
    words, width = int(plan.base.text_config.vocab_size), int(plan.base.text_config.hidden_size)
    head = 2 * words * width * plan.learned(shape, TURN_TOKENS)
    passes = _shared(plan, gpus) / shape.rows / gpus
    forwards = 4 if plan.config.gradient_checkpointing else 3
    # The head's backward pass computes its logits again: four products in all, where a forward has one.
    flops = forwards * cost.flops + 4 * head + (cost.flops + head if plan.has_reference else 0)
    seconds = passes * flops / flops_per_s
    if plan.kind == "grpo":
        seconds += shape.pictures * TURN_TOKENS * DECODE_S + passes * cost.flops / flops_per_s
    return seconds


def steps_in(plan: Plan) -> int:
    """Optimizer steps of the run, with LRS-GRO's published number of rows."""
    if isinstance(plan.config, GrpoConfig):
        return plan.config.steps
    return steps_of(plan.config, sum(ROWS.get(one.split, ROWS["sft"]) for one in plan.config.data))


def _parameters(model: Any, holding: Holding) -> list[str]:
    groups = optimizer_groups(model)
    sizes = {name: weights.numel() for name, weights in model.named_parameters()}
    lines = ["parameters            all        trained"]
    for name, part in holding.parts.items():
        lines.append(f"  {name:12} {part.total:14,d} {part.trained:14,d}")
    lines.append(f"  {'together':12} {holding.weights:14,d} {holding.trained:14,d}")
    told = [
        f"{name} {len(names)} tensors of {sum(sizes[one] for one in names):,d}"
        for name, names in groups.items()
    ]
    return [*lines, "optimizer, each tensor in exactly one group:", *(f"  {one}" for one in told)]


def _batches(
    plan: Plan, usual: BatchShape, longest: BatchShape, costs: dict[BatchShape, PassCost]
) -> list[str]:
    rows, columns = usual.grid
    merged = plan.base.vision_config.spatial_merge_size**2
    patch = plan.base.vision_config.patch_size
    lines = [
        f"a picture: {plan.side_px} px snap to {columns * patch} x {rows * patch}, "
        f"{columns} x {rows} patches, {rows * columns // merged} tokens; "
        f"{usual.pictures} in a dialogue that zooms"
    ]
    for name, shape in (("usual", usual), ("longest", longest)):
        lines.append(
            f"a pass ({name}): ids ({shape.rows}, {shape.length}), {shape.completion} after the opening; "
            f"{shape.patches:,d} patches; {costs[shape].flops / 1e12:.1f} TFLOP forward"
        )
    return [*lines, f"a step: {plan.rollouts} dialogues, {steps_in(plan)} steps"]


def _memory(plan: Plan, holding: Holding, shape: BatchShape, cost: PassCost) -> list[str]:
    lines = [
        f"memory per GPU in GB, with {plan.turn_tokens} tokens written a turn",
        f"  {'':22} {'held':>8} {'training':>9} {'rollouts':>9} {'needs':>7}",
    ]
    for scheme, gpus in (("DDP", 1), *((scheme, 8) for scheme in SCHEMES)):
        held = held_bytes(holding, cost, scheme, gpus)
        always = sum(held.values())
        training = sum(training_bytes(holding, cost, plan.learned(shape, plan.turn_tokens)).values())
        rolling = 0
        if plan.kind == "grpo":
            rows = _shared(plan, gpus) // gpus
            rolling = cache_bytes(plan.base.text_config, shape.length, rows)
        # While rollouts are written there are no gradients.
        needs = with_losses(max(always + training, always - held["gradients"] + rolling))
        name = f"{gpus} x {scheme}" if gpus > 1 else "1 alone"
        note = "  more than 80" if needs > 80e9 else ""
        note += "  refused: every process needs whole weights" if scheme == SCHEMES[2] else ""
        numbers = f"{always / 1e9:8.1f} {training / 1e9:9.1f} {rolling / 1e9:9.1f} {needs / 1e9:7.1f}"
        lines.append(f"  {name:22} {numbers}{note}")
    return [*lines, *_activation_lines(cost), *_held_lines(holding, cost)]


def _activation_lines(cost: PassCost) -> Iterator[str]:
    for checkpointing in (False, True):
        kept = cost.activations(checkpointing=checkpointing) / 1e9
        yield f"  activations {'with' if checkpointing else 'without'} checkpointing: {kept:.1f}"


def _held_lines(holding: Holding, cost: PassCost) -> Iterator[str]:
    held = held_bytes(holding, cost, "DDP", 1)
    yield "  held alone: " + ", ".join(f"{name} {one / 1e9:.1f}" for name, one in held.items() if one)


def _times(plan: Plan, shape: BatchShape, cost: PassCost) -> list[str]:
    steps = steps_in(plan)
    lines = [
        f"time at {UTILIZATION:.0%} of the peak, without waiting for pictures or for each other; "
        f"{TURN_TOKENS} tokens written a turn"
    ]
    if plan.kind == "grpo":
        lines[0] += f", {DECODE_S * 1000:.0f} ms a token of rollouts"
    for gpu, peak in GPUS.items():
        for gpus in (1, 8):
            seconds = step_seconds(plan, shape, cost, gpus, peak * UTILIZATION)
            rows = _shared(plan, gpus)
            note = "" if rows == plan.rollouts else f" (with {rows} rows a step, the least that shares out)"
            needed = steps * plan.rollouts / rows
            lines.append(
                f"  {gpus} x {gpu}: {seconds:.1f} s a step, {needed * seconds / 3600:.2f} h for the run{note}"
            )
    return lines


def _shared(plan: Plan, gpus: int) -> int:
    """Rows of a step that so many GPUs can share: the plan's, or the next number that can be."""
    unit = plan.config.rows_per_device * gpus
    return -(-plan.rollouts // unit) * unit
