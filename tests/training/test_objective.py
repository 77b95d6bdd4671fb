"""The losses of training, on hand-made outputs."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from zoomearth.training.collation import IGNORED
from zoomearth.training.labels import FACTS, fact_of
from zoomearth.training.objective import TrainingHeads, Weights, compute_terms

COORDINATES = range(2, 12)
WINTER = FACTS.index(("season", "winter"))
WIDTH = 8


def batch() -> dict[str, torch.Tensor]:
    """Two picture tokens, the second shows an object; then a word (id 0) and a coordinate (value 4)."""
    return {
        "next_ids": torch.tensor([[IGNORED, IGNORED, 0, 6]]),
        "next_is_coordinate": torch.tensor([[False, False, False, True]]),
        "aux_slots": torch.tensor([0, 1]),
        "aux_kinds": torch.tensor([0, 1]),
        "aux_colours": torch.tensor([IGNORED, 0]),
        "aux_amounts": torch.tensor([math.nan, 1.5]),
        "aux_places": torch.tensor([[0.25, 0.5], [0.75, 0.5]]),
        "aux_sides": torch.tensor([[IGNORED] * 4, [1, 2, 3, 4]]),
        "aux_queries": torch.tensor([3]),
        "aux_mass": torch.tensor([[0.0, 1.0, 0.0, 0.0]]),
        "aux_facts": torch.tensor([WINTER]),
        "aux_fact_mass": torch.tensor([[0.5, 0.5, 0.0, 0.0]]),
    }


def outputs(logits: torch.Tensor, looks_at: int = 1) -> SimpleNamespace:
    attention = torch.zeros(1, 4, 4, 4)
    attention[..., looks_at] = 1
    hidden = tuple(torch.zeros(1, 4, WIDTH) for _ in range(5))
    return SimpleNamespace(logits=logits, hidden_states=hidden, attentions=(attention,) * 4)


def terms(logits: torch.Tensor, looks_at: int = 1, spread: float = 1.0):
    torch.manual_seed(0)
    heads = TrainingHeads(WIDTH)
    weights = Weights(coordinate_spread_px=spread)
    return compute_terms(
        outputs(logits, looks_at), batch(), heads, COORDINATES, torch.eye(12, WIDTH), weights
    )


def test_knowing_nothing_costs_the_logarithm_of_the_choices() -> None:
    found = terms(torch.zeros(1, 4, 12))
    assert float(found.token) == pytest.approx(math.log(12))
    assert float(found.coordinate) == pytest.approx(math.log(12))


def test_a_near_coordinate_costs_less_than_a_far_one() -> None:
    def cost(value: int) -> float:
        logits = torch.zeros(1, 4, 12)
        logits[0, 3, COORDINATES.start + value] = 5
        return float(terms(logits).coordinate)

    assert cost(4) < cost(5) < cost(6) < cost(8)
    assert cost(3) == pytest.approx(cost(5), abs=1e-3)  # a bell is the same on both sides


def test_a_coordinate_is_no_plain_token() -> None:
    logits = torch.zeros(1, 4, 12)
    logits[0, 2, 0] = 50
    found = terms(logits)
    assert float(found.token) == pytest.approx(0, abs=1e-6)
    assert float(found.coordinate) == pytest.approx(math.log(12))


def test_looking_elsewhere_costs() -> None:
    logits = torch.zeros(1, 4, 12)
    assert float(terms(logits, looks_at=1).pointing) == pytest.approx(0, abs=1e-5)
    assert float(terms(logits, looks_at=0).pointing) == pytest.approx(-math.log(1e-6), rel=1e-3)


def test_sides_are_asked_of_tokens_that_show_an_object_only() -> None:
    given = batch()
    heads = TrainingHeads(WIDTH)
    made = outputs(torch.zeros(1, 4, 12))
    codes = torch.eye(12, WIDTH)
    before = compute_terms(made, given, heads, COORDINATES, codes, Weights()).sides
    made.hidden_states[2][0, 0] = 7  # the token that shows nothing
    same = compute_terms(made, given, heads, COORDINATES, codes, Weights()).sides
    made.hidden_states[2][0, 1] = 7
    other = compute_terms(made, given, heads, COORDINATES, codes, Weights()).sides
    assert torch.equal(before, same) and not torch.equal(before, other)


def test_amounts_are_asked_of_tokens_whose_labels_are_complete() -> None:
    heads = TrainingHeads(WIDTH)
    torch.nn.init.zeros_(heads.amount.weight)
    torch.nn.init.constant_(heads.amount.bias, 1.0)
    made = outputs(torch.zeros(1, 4, 12))
    found = compute_terms(made, batch(), heads, COORDINATES, torch.eye(12, WIDTH), Weights()).counting
    assert found.item() == pytest.approx((1.5 - 1.0) ** 2)  # the other token's is unknown


def test_a_fact_is_chosen_among_those_of_its_kind() -> None:
    heads = TrainingHeads(WIDTH)
    torch.nn.init.zeros_(heads.fact.weight)
    torch.nn.init.zeros_(heads.fact.bias)
    made = outputs(torch.zeros(1, 4, 12))

    def cost() -> float:
        codes = torch.eye(12, WIDTH)
        return compute_terms(made, batch(), heads, COORDINATES, codes, Weights()).knowing.item()

    assert cost() == pytest.approx(math.log(4))  # four seasons
    with torch.no_grad():
        heads.fact.bias[FACTS.index(("scene type", "port"))] = 50
        assert cost() == pytest.approx(math.log(4))
        # Both picture tokens tell it together: what one says counts half.
        heads.fact.weight[WINTER, 0] = 1
        made.hidden_states[0][0, :2, 0] = torch.tensor([0.0, 2 * math.log(3)])
        assert cost() == pytest.approx(math.log(6) - math.log(3))


def test_counts_of_many_are_one_fact() -> None:
    assert [FACTS[fact_of("region counting", number)][1] for number in ("1", "9", "13", "19", "60")] == [
        "1",
        "9",
        "10",
        "14",
        "30",
    ]
    assert fact_of("season", "monsoon") is None and fact_of("color/pattern", "red") is None


def test_the_total_is_the_weighted_sum() -> None:
    found = terms(torch.zeros(1, 4, 12))
    weights = Weights(token=1, coordinate=0, seeing=0, knowing=0, place=0, sides=0, pointing=2)
    assert float(found.total(weights)) == pytest.approx(float(found.token) + 2 * float(found.pointing))
