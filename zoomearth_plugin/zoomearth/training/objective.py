"""The loss of supervised training: the next token, and seven auxiliary terms that make pictures matter.

A few million parameters trained from nothing do not find out by next-token loss alone that a picture
tells anything. So every batch, from the first step, also asks:

* **seeing**: each picture token, as it leaves the vision tower, names the kind and colour it shows;
* **counting**: and how many things it holds, parts included; who adds these up has counted (Lempitsky and
  Zisserman, 2010);
* **knowing**: the mean of the picture tokens that an answer was read from, as they leave the vision tower,
  names the answer: season, arrangement, on which side;
* **place**: each picture token, two layers on, knows where in its picture it lies;
* **sides**: each picture token that shows an object names, two layers on, the four sides of its box in
  the very embeddings of the coordinates, so that who looks there only has to copy;
* **pointing**: while coordinates or an answer are written, some heads of one layer look at the object
  (the spatial attention loss of SegEarth-R2, arXiv 2512.20013, applied to words instead of masks);
* **order**: a coordinate that is off by one is less wrong than one that is off by fifty: its target is
  a narrow bell over neighbouring coordinates.

Heads of the first five live only during training and are not part of a saved model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .collation import IGNORED
from .labels import COLOURS, FACTS, KINDS


@dataclass(frozen=True)
class Weights:
    """How much each term counts; see the module's text."""

    token: float = 1.0
    coordinate: float = 1.0
    seeing: float = 0.6
    counting: float = 0.0
    knowing: float = 1.0
    place: float = 0.1
    sides: float = 1.0
    pointing: float = 0.5
    place_layer: int = 2
    pointing_layer: int = 3
    pointing_heads: int = 2
    coordinate_spread_px: float = 2.0


class TrainingHeads(nn.Module):
    """Linear read-outs of picture tokens; thrown away after training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.kind = nn.Linear(width, 1 + len(KINDS))
        self.colour = nn.Linear(width, len(COLOURS))
        self.fact = nn.Linear(width, len(FACTS))
        self.amount = nn.Linear(width, 1)
        self.place = nn.Linear(width, 2)
        self.sides = nn.Linear(width, 4 * width)


@dataclass(frozen=True)
class Terms:
    """Each term's mean over what it looks at; scalars."""

    token: torch.Tensor
    coordinate: torch.Tensor
    seeing: torch.Tensor
    counting: torch.Tensor
    knowing: torch.Tensor
    place: torch.Tensor
    sides: torch.Tensor
    pointing: torch.Tensor

    def total(self, weights: Weights) -> torch.Tensor:
        return (
            weights.token * self.token
            + weights.coordinate * self.coordinate
            + weights.seeing * self.seeing
            + weights.counting * self.counting
            + weights.knowing * self.knowing
            + weights.place * self.place
            + weights.sides * self.sides
            + weights.pointing * self.pointing
        )


def compute_terms(
    outputs: Any,
    batch: dict[str, torch.Tensor],
    heads: TrainingHeads,
    coordinates: range,
    embeddings: torch.Tensor,
    weights: Weights,
) -> Terms:
    """All terms of a batch.

    Args:
        outputs: With logits (B, T, V), hidden states, and as last attention that of ``pointing_layer``.
        batch: From :class:`.collation.Collator`.
        coordinates: Token ids of 0, 1, 2 ….
        embeddings: Of all tokens, (V, width).
    """
    token, coordinate = _next_token(outputs.logits, batch, coordinates, weights)
    codes = embeddings[coordinates.start : coordinates.stop]
    return Terms(
        token,
        coordinate,
        _seeing(outputs.hidden_states[0], batch, heads),
        _counting(outputs.hidden_states[0], batch, heads),
        _knowing(outputs.hidden_states[0], batch, heads),
        _place(outputs.hidden_states[weights.place_layer], batch, heads),
        _sides(outputs.hidden_states[weights.place_layer], batch, heads, codes, weights),
        _pointing(outputs.attentions[-1], batch, weights),
    )


def _next_token(
    logits: torch.Tensor, batch: dict[str, torch.Tensor], coordinates: range, weights: Weights
) -> tuple[torch.Tensor, torch.Tensor]:
    targets = batch["next_ids"]
    is_learned = targets != IGNORED
    scores = functional.log_softmax(logits[is_learned].float(), dim=-1)
    wanted = targets[is_learned]
    is_coordinate = batch["next_is_coordinate"][is_learned]
    words = -scores[~is_coordinate].gather(1, wanted[~is_coordinate, None])[:, 0]
    values = wanted[is_coordinate] - coordinates.start
    sides = _ordered(
        scores[is_coordinate, coordinates.start : coordinates.stop], values, weights.coordinate_spread_px
    )
    return _mean(words), _mean(sides)


def _ordered(scores: torch.Tensor, wanted: torch.Tensor, spread: float) -> torch.Tensor:
    """(n,) cross-entropies of (n, values) log-probabilities with a bell around each wanted value.

    Args:
        spread: Standard deviation of the bell.
    """
    values = torch.arange(scores.shape[1], device=scores.device)
    bell = torch.exp(-0.5 * ((values[None, :] - wanted[:, None]) / spread) ** 2)
    return -(bell / bell.sum(dim=1, keepdim=True) * scores).sum(dim=1)


def _seeing(embedded: torch.Tensor, batch: dict[str, torch.Tensor], heads: TrainingHeads) -> torch.Tensor:
    features = embedded.flatten(0, 1)[batch["aux_slots"]]
    kinds, colours = batch["aux_kinds"], batch["aux_colours"]
    # Most tokens show nothing; without weights "nothing" would be the answer to everything.
    balance = torch.ones(1 + len(KINDS), device=features.device)
    balance[0] = 0.05
    is_known, is_painted = kinds != IGNORED, colours != IGNORED
    kind = _named(heads.kind(features[is_known]), kinds[is_known], balance)
    return kind + _named(heads.colour(features[is_painted]), colours[is_painted])


def _counting(embedded: torch.Tensor, batch: dict[str, torch.Tensor], heads: TrainingHeads) -> torch.Tensor:
    """Squared error of the amounts: a linear read-out, so that the mean over a place tells its number."""
    amounts = batch["aux_amounts"]
    is_known = torch.isfinite(amounts)
    told = heads.amount(embedded.flatten(0, 1)[batch["aux_slots"]][is_known])[:, 0].float()
    return _mean((told - amounts[is_known]) ** 2)


def _named(scores: torch.Tensor, wanted: torch.Tensor, balance: torch.Tensor | None = None) -> torch.Tensor:
    """Cross-entropy; of nothing 0, with a gradient of 0: many processes wait for every weight's."""
    if not wanted.numel():
        return scores.sum()
    return functional.cross_entropy(scores.float(), wanted, weight=balance)


def _knowing(embedded: torch.Tensor, batch: dict[str, torch.Tensor], heads: TrainingHeads) -> torch.Tensor:
    """Cross-entropy among the answers of the same question type."""
    wanted = batch["aux_facts"]
    scores = heads.fact(batch["aux_fact_mass"] @ embedded.flatten(0, 1).float())
    topics = [topic for topic, _ in FACTS]
    topic = torch.tensor([topics.index(one) for one in topics], device=scores.device)
    is_other = topic[None, :] != topic[wanted][:, None]
    return _named(scores.masked_fill(is_other, -torch.inf), wanted)


def _place(hidden: torch.Tensor, batch: dict[str, torch.Tensor], heads: TrainingHeads) -> torch.Tensor:
    features = hidden.flatten(0, 1)[batch["aux_slots"]]
    return functional.smooth_l1_loss(heads.place(features).float(), batch["aux_places"], beta=0.1) * 10


def _sides(
    hidden: torch.Tensor,
    batch: dict[str, torch.Tensor],
    heads: TrainingHeads,
    codes: torch.Tensor,
    weights: Weights,
) -> torch.Tensor:
    shows_object = batch["aux_sides"][:, 0] != IGNORED
    features = hidden.flatten(0, 1)[batch["aux_slots"]][shows_object]
    named = heads.sides(features).float().unflatten(1, (4, codes.shape[1])).flatten(0, 1)
    scores = functional.log_softmax(named @ codes.float().T, dim=-1)
    return _mean(_ordered(scores, batch["aux_sides"][shows_object].flatten(), weights.coordinate_spread_px))


def _pointing(attention: torch.Tensor, batch: dict[str, torch.Tensor], weights: Weights) -> torch.Tensor:
    """Cross-entropy between where the object lies and where the chosen heads look."""
    chosen = attention[:, : weights.pointing_heads].transpose(1, 2).flatten(0, 1)  # (B·T, heads, T)
    looked = chosen[batch["aux_queries"]].float()
    mass = batch["aux_mass"][:, None, :]
    return _mean(-(mass * torch.log(looked + 1e-6)).sum(dim=-1))


def _mean(values: torch.Tensor) -> torch.Tensor:
    return values.mean() if values.numel() else values.sum()
