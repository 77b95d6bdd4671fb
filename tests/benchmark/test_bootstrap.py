"""Intervals against probabilities worked by hand, and against resampling done the slow way."""

from __future__ import annotations

import random
import statistics

import numpy as np
import pytest
from zoomearth.benchmark.bootstrap import Ratio, estimates, mean_of, quotient_of


def names(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def test_two_clusters_by_hand() -> None:
    # Drawing two of {1, 0} gives 0, 1/2 and 1 with probability 1/4, 1/2 and 1/4: the ends are 0 and 1.
    found = estimates([mean_of([1.0, 0.0])], names(2))[0]
    assert (found.value, found.low, found.high, found.count) == (0.5, 0.0, 1.0, 2)


def test_a_mean_of_equal_values_has_no_width() -> None:
    found = estimates([mean_of([True] * 9)], names(9))[0]
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_what_is_not_there_does_not_count() -> None:
    found = estimates([mean_of([1.0, None, 0.0, None, 1.0])], names(5))[0]
    assert found.value == pytest.approx(2 / 3)
    assert found.count == 3


def test_nothing_has_no_figure() -> None:
    found = estimates([mean_of([None, None])], names(2))[0]
    assert (found.value, found.low, found.high, found.count) == (None, None, None, 0)
    assert estimates([mean_of([])], [])[0].value is None
    assert estimates([], []) == []


def test_one_cluster_tells_nothing_of_the_spread() -> None:
    found = estimates([mean_of([1.0, 0.0, 1.0])], ["a", "a", "a"])[0]
    assert found.value == pytest.approx(2 / 3)
    assert (found.low, found.high) == (None, None)


def test_the_normal_approximation_of_many() -> None:
    # 400 answers, half of them right: 0.5 +- 1.96 * sqrt(0.25 / 400) = 0.451 to 0.549.
    found = estimates([mean_of([number % 2 == 0 for number in range(400)])], names(400))[0]
    assert found.low == pytest.approx(0.451, abs=0.006)
    assert found.high == pytest.approx(0.549, abs=0.006)


def test_the_slow_way_gives_the_same() -> None:
    rng = random.Random(5)
    values = [rng.random() ** 2 for _ in range(60)]
    means = sorted(statistics.fmean(rng.choices(values, k=60)) for _ in range(20_000))
    found = estimates([mean_of(values)], names(60), resamples=20_000)[0]
    assert found.value == pytest.approx(statistics.fmean(values))
    assert found.low == pytest.approx(means[500], abs=0.004)
    assert found.high == pytest.approx(means[-500], abs=0.004)


def test_copies_within_a_cluster_tell_nothing_new() -> None:
    values = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]
    alone = estimates([mean_of(values)], names(8))[0]
    copied = estimates(
        [mean_of([v for v in values for _ in range(5)])], [n for n in names(8) for _ in range(5)]
    )
    assert (copied[0].low, copied[0].high) == (alone.low, alone.high)
    by_question = estimates([mean_of([v for v in values for _ in range(5)])], names(40))[0]
    assert by_question.high - by_question.low < 0.7 * (alone.high - alone.low)


def test_clusters_of_different_sizes_are_drawn_whole() -> None:
    # a holds three right answers, b one wrong one: 1, 3/4 or 0 of a draw are right.
    found = estimates([mean_of([1, 1, 1, 0])], ["a", "a", "a", "b"])[0]
    assert (found.value, found.low, found.high) == (0.75, 0.0, 1.0)


def test_ratios_of_one_run_come_from_the_same_draws() -> None:
    values = np.random.default_rng(3).random(50)
    twice = Ratio(2 * values, np.ones(50), 50)
    one, other = estimates([Ratio(values, np.ones(50), 50), twice], names(50))
    assert (2 * one.low, 2 * one.high) == pytest.approx((other.low, other.high))


def test_a_quotient_may_exceed_one() -> None:
    pairs = [(True, True), (True, False), (True, True), None, (False, False)]
    found = estimates([quotient_of(pairs)], names(5))[0]
    assert found.value == pytest.approx(3 / 2)
    assert found.count == 4


def test_a_quotient_by_nothing_is_none() -> None:
    assert estimates([quotient_of([(True, False), (True, False)])], names(2))[0].value is None


def test_the_same_seed_gives_the_same_interval_whatever_the_chunks(monkeypatch) -> None:
    ratio = mean_of(list(np.random.default_rng(1).random(30)))
    whole = estimates([ratio], names(30))[0]
    monkeypatch.setattr("zoomearth.benchmark.bootstrap._CHUNK_WEIGHTS", 100)
    assert estimates([ratio], names(30))[0] == whole
    assert estimates([ratio], names(30), seed=1)[0] != whole
