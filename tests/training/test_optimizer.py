"""Two optimizers as one: who steps what, by how much, and what a checkpoint brings back."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from zoomearth.training.optimizer import MuonWithAdamW


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed_tokens = nn.Embedding(12, 8)
        self.inner = nn.Linear(8, 16)
        self.patches = nn.Conv2d(3, 4, 2)

    def loss(self) -> torch.Tensor:
        seen = self.inner(self.embed_tokens(torch.arange(12)))
        return seen.square().mean() + self.patches(torch.ones(1, 3, 4, 4)).square().mean()


def optimizer_of(model: Small) -> MuonWithAdamW:
    return MuonWithAdamW(model.named_parameters(), learning_rate=1e-2, weight_decay=0.0, adam_beta2=0.98)


def stepped(model: Small, optimizer: MuonWithAdamW, steps: int) -> dict[str, torch.Tensor]:
    for _ in range(steps):
        optimizer.zero_grad()
        model.loss().backward()
        optimizer.step()
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def test_matrices_go_to_muon_and_all_else_to_adamw() -> None:
    model = Small()
    muon, adamw = optimizer_of(model).parts
    names = {id(one): name for name, one in model.named_parameters()}
    assert [names[id(one)] for one in muon.param_groups[0]["params"]] == ["inner.weight"]
    others = {names[id(one)] for one in adamw.param_groups[0]["params"]}
    assert others == {"embed_tokens.weight", "inner.bias", "patches.weight", "patches.bias"}


def test_a_step_of_muon_is_orthogonal_and_as_large_as_adams() -> None:
    """By 0.2 of the learning rate, root mean square, as AdamW's usually are (Liu and others, 2025)."""
    model = Small()
    before = model.inner.weight.detach().clone()
    after = stepped(model, optimizer_of(model), 1)["inner.weight"]
    moved = (after - before) / 1e-2
    scales = torch.linalg.svdvals(moved) / (0.2 * 16**0.5)
    assert len(scales) == 8 and bool((scales > 0.5).all()) and bool((scales < 1.35).all())


def test_what_was_saved_goes_on_as_if_nothing_had_been() -> None:
    undisturbed = Small()
    expected = stepped(undisturbed, optimizer_of(undisturbed), 4)
    first, second = Small(), Small()
    optimizer = optimizer_of(first)
    second.load_state_dict(stepped(first, optimizer, 2))
    resumed = optimizer_of(second)
    resumed.load_state_dict(optimizer.state_dict())
    for name, weights in stepped(second, resumed, 2).items():
        assert torch.equal(weights, expected[name]), name


@pytest.mark.parametrize("is_loaded", [False, True])
def test_a_schedule_reaches_both(is_loaded: bool) -> None:
    model = Small()
    optimizer = optimizer_of(model)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0 if step == 0 else 0.0)
    if is_loaded:
        optimizer.load_state_dict(optimizer.state_dict())
    moved = stepped(model, optimizer, 1)
    schedule.step()
    still = stepped(model, optimizer, 3)
    assert all(torch.equal(still[name], value) for name, value in moved.items())


def test_a_closure_is_refused() -> None:
    with pytest.raises(ValueError, match="closure"):
        optimizer_of(Small()).step(lambda: 0.0)
