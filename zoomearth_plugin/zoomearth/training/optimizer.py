"""Muon for the matrices of a small model, AdamW for all else, as one optimizer.

Muon (Jordan and others, 2024; here torch's) makes every step of a matrix an orthogonal one, so that no few
directions take all of it. It is meant for matrices between layers; embeddings, biases, norms, the patch
embedding and the training heads stay with AdamW, whose step size Muon's is scaled to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

_KEPT_FROM_MUON = ("embed_tokens", "lm_head", "training_heads")


class MuonWithAdamW(torch.optim.Optimizer):
    """Steps both; its groups are theirs, so a schedule reaches them.

    Args:
        parameters: Of the model, by name.
        learning_rate: Of AdamW; Muon's steps are made as large.
        weight_decay: Of both.
        adam_beta2: Of AdamW.
    """

    def __init__(
        self,
        parameters: Iterable[tuple[str, nn.Parameter]],
        *,
        learning_rate: float,
        weight_decay: float,
        adam_beta2: float,
    ) -> None:
        named = [(name, one) for name, one in parameters if one.requires_grad]
        matrices = [one for name, one in named if _is_for_muon(name, one)]
        others = [one for name, one in named if not _is_for_muon(name, one)]
        shared: dict[str, Any] = {"lr": learning_rate, "weight_decay": weight_decay}
        self.parts: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(matrices, adjust_lr_fn="match_rms_adamw", **shared),
            torch.optim.AdamW(others, betas=(0.9, adam_beta2), **shared),
        )
        super().__init__([*matrices, *others], shared)
        self._share_groups()

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step of each.

        Raises:
            ValueError: A closure is given: each would call it.
        """
        if closure is not None:
            raise ValueError("this optimizer takes no closure")
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """The states of both."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._share_groups()

    def _share_groups(self) -> None:
        """Loading makes new groups of the old: a schedule must find those."""
        self.param_groups = [group for part in self.parts for group in part.param_groups]


def _is_for_muon(name: str, parameter: nn.Parameter) -> bool:
    return parameter.ndim == 2 and not any(word in name for word in _KEPT_FROM_MUON)
