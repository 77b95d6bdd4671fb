"""What a training pass costs, counted on shapes: FLOPs, and bytes kept for the backward pass.

Nothing is measured with a clock and no formula guesses what the library's model keeps: the model itself
goes through its forward pass (:mod:`.tuning_architecture`), attention through its memory-saving kernel,
and every tensor that autograd saves is added up, storage by storage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from .adapters import bare_model

_FLASH = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_CAST = {functional.linear, torch.conv3d, functional.conv3d, torch.matmul, Tensor.matmul, torch.bmm}


@dataclass(frozen=True)
class BatchShape:
    """Sizes of one pass of one process.

    Args:
        rows: Dialogues in it.
        length: Tokens of each, padding included.
        completion: Of them, those after the opening.
        grid: (rows, columns) of patches of one picture.
        pictures: Of each dialogue.
    """

    rows: int
    length: int
    completion: int
    grid: tuple[int, int]
    pictures: int

    @property
    def patches(self) -> int:
        """Of all pictures."""
        return self.rows * self.pictures * self.grid[0] * self.grid[1]


@dataclass(frozen=True)
class PassCost:
    """One forward pass.

    Args:
        flops: Of its matrix products.
        saved_bytes: Kept for the backward pass.
        input_bytes: Of it, what enters the blocks: all that is kept of them with checkpointing.
        largest_block_bytes: Kept by the block that keeps most: computed again, one at a time.
        block_bytes: Kept by all blocks.
        cast_bytes: Weights in half precision that autocast keeps beside the full ones.
        loss_shape: () where there is a loss.
        logits_shape: (rows, tokens, vocabulary).
    """

    flops: int
    saved_bytes: int
    input_bytes: int
    largest_block_bytes: int
    block_bytes: int
    cast_bytes: int
    loss_shape: tuple[int, ...]
    logits_shape: tuple[int, ...]

    def of_rows(self, rows: int) -> PassCost:
        """The same of so many times as many dialogues of one length; all but the weights' copies grows."""
        grown = ("flops", "saved_bytes", "input_bytes", "largest_block_bytes", "block_bytes")
        return replace(self, **{name: rows * getattr(self, name) for name in grown})

    def activations(self, *, checkpointing: bool) -> int:
        """Bytes at their most.

        Args:
            checkpointing: Of the blocks only their inputs are kept, and all of one that is computed again.
        """
        if not checkpointing:
            return self.saved_bytes
        return self.saved_bytes - self.block_bytes + self.input_bytes + self.largest_block_bytes


def batch_of(shape: BatchShape, config: Any) -> dict[str, Tensor]:
    """A batch without values, as :func:`.tuning_batches.laid_out` makes it, positions included."""
    vision = config.vision_config
    values = vision.in_channels * vision.temporal_patch_size * vision.patch_size**2
    ids = torch.empty(shape.rows, shape.length, dtype=torch.long, device="meta")
    return {
        "input_ids": ids,
        "labels": torch.empty_like(ids),
        "position_ids": ids.expand(3, -1, -1),
        "pixel_values": torch.empty(shape.patches, values, device="meta"),
        "image_grid_thw": torch.tensor([[1, *shape.grid]] * (shape.rows * shape.pictures)),
    }


def cost_of(
    model: Any, batch: dict[str, Any], *, mixed: bool, with_head: bool = False, **options: Any
) -> PassCost:
    """Let a batch go forward.

    Args:
        model: On ``meta``, or a real one to check this against.
        batch: What it takes; ``labels`` only ``with_head``.
        mixed: Whether matrix products are computed in bfloat16, as autocast does it.
        with_head: Whether what the plain head and loss keep is counted; the trainers' own head works in
            tiles, and keeps no logits.
        options: For the model.
    """
    ledger = _Ledger(model)
    casting = _Autocast(model, mixed=mixed) if _is_meta(model) else nullcontext()
    counter = FlopCounterMode(display=False, custom_mapping={_FLASH: _attention_flops})
    saving = torch.autograd.graph.saved_tensors_hooks(ledger.keep, lambda kept: kept)
    with ledger.by_block(), counter, casting, saving:
        if with_head:
            outputs = model(**batch, use_cache=False, **options)
        else:
            inputs = {name: value for name, value in batch.items() if name != "labels"}
            core = bare_model(model)
            outputs = core.model(**inputs, use_cache=False, **options)
    cast = casting.copies if isinstance(casting, _Autocast) else {}
    return ledger.told(
        counter.get_total_flops(),
        {_key(copy) for copy in cast.values()},
        sum(_bytes(copy) for copy in cast.values()),
        outputs,
    )


class _Ledger:
    """What autograd keeps, storage by storage, and in which block of the model."""

    def __init__(self, model: Any) -> None:
        self._own = {_key(weights) for weights in model.parameters()}
        self._kept: dict[int, tuple[Tensor, int]] = {}
        self._inputs: dict[int, Tensor] = {}
        self._block = 0
        bare = bare_model(model).model
        self._blocks = [*bare.visual.blocks, *bare.language_model.layers]

    def keep(self, tensor: Tensor) -> Tensor:
        if isinstance(tensor, nn.Parameter) or _key(tensor) in self._own:
            return tensor
        self._kept.setdefault(_key(tensor), (tensor, self._block))
        return tensor

    @contextmanager
    def by_block(self) -> Iterator[None]:
        """Within: what is kept is booked on the block that keeps it."""
        hooks = []
        for number, block in enumerate(self._blocks, start=1):
            hooks.append(block.register_forward_pre_hook(self._entering(number)))
            hooks.append(block.register_forward_hook(self._leaving))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _entering(self, number: int) -> Callable[..., None]:
        def enter(module: nn.Module, arguments: tuple[Any, ...]) -> None:
            self._block = number
            self._inputs[_key(arguments[0])] = arguments[0]

        return enter

    def _leaving(self, *_: Any) -> None:
        self._block = 0

    def told(self, flops: int, casts: set[int], cast_bytes: int, outputs: Any) -> PassCost:
        blocks: dict[int, int] = {}
        for key, (tensor, block) in self._kept.items():
            if key not in casts:
                blocks[block] = blocks.get(block, 0) + _bytes(tensor)
        outside = blocks.pop(0, 0)
        loss, logits = getattr(outputs, "loss", None), getattr(outputs, "logits", None)
        return PassCost(
            flops=flops,
            saved_bytes=outside + sum(blocks.values()),
            input_bytes=sum(_bytes(one) for one in self._inputs.values()),
            largest_block_bytes=max(blocks.values(), default=0),
            block_bytes=sum(blocks.values()),
            cast_bytes=cast_bytes,
            loss_shape=() if loss is None else tuple(loss.shape),
            logits_shape=() if logits is None else tuple(logits.shape),
        )


class _Autocast(TorchFunctionMode):
    """What autocast and the memory-saving attention do, for tensors that are shapes alone.

    Args:
        model: Its weights are cast once, and the copies kept, as autocast keeps them.
        mixed: False leaves precision alone.
    """

    def __init__(self, model: Any, *, mixed: bool) -> None:
        super().__init__()
        self._mixed = mixed
        self._weights = {id(weights) for weights in model.parameters()}
        self.copies: dict[int, Tensor] = {}

    def __torch_function__(
        self, called: Any, types: Any, arguments: tuple[Any, ...] = (), options: dict[str, Any] | None = None
    ) -> Any:
        options = options or {}
        if called is functional.scaled_dot_product_attention:
            return self._attention(*arguments, **options)
        if self._mixed and called in _CAST:
            arguments = tuple(self._cast(one) for one in arguments)
            options = {name: self._cast(one) for name, one in options.items()}
        return called(*arguments, **options)

    def _cast(self, value: Any) -> Any:
        if not isinstance(value, Tensor) or value.dtype != torch.float32:
            return value
        if id(value) not in self._weights:
            return value.to(torch.bfloat16)
        if id(value) not in self.copies:
            self.copies[id(value)] = value.to(torch.bfloat16)
        return self.copies[id(value)]

    def _attention(
        self, query: Tensor, key: Tensor, value: Tensor, attn_mask: Any = None, dropout_p: float = 0.0,
        is_causal: bool = False, scale: float | None = None, **_: Any,
    ) -> Tensor:  # fmt: skip
        parts = (self._cast(one) if self._mixed else one for one in (query, key, value))
        made: Tensor = _FLASH(*parts, dropout_p, is_causal, attn_mask=attn_mask, scale=scale)[0]
        return made


def _attention_flops(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    """Two products of queries, keys and values, (batch, heads, tokens, width) each; causal counts in full."""
    batch, heads, asked, width = query
    return int(2 * batch * heads * asked * key[2] * (width + value[3]))


def _is_meta(model: Any) -> bool:
    return bool(next(model.parameters()).is_meta)


def _key(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _bytes(tensor: Tensor) -> int:
    return int(tensor.untyped_storage().nbytes())
