"""Bootstrap intervals of ratios of sums, all from the same resamples.

Every figure of a benchmark is such a ratio: a mean is the sum of values over the number of questions
that have one, a gain is the sum of differences over the number of pairs, and right-after over
right-before is one as it stands. What is drawn with replacement are clusters: single questions, or all
questions of an image where those depend on each other.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), percentile intervals (chapter 13);
clusters as units of resampling as in Davison and Hinkley (1997), section 3.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
_SEED = 20_260_101
_CHUNK_WEIGHTS = 4_000_000


@dataclass(frozen=True)
class Estimate:
    """A figure.

    Args:
        value: None where nothing was there to be measured.
        low: Lower end of the 95 % interval; None where there is none.
        high: Upper end.
        count: How many questions it is of.
    """

    value: float | None
    low: float | None
    high: float | None
    count: int

    def to_json(self) -> dict[str, float | int | None]:
        return {"value": self.value, "low": self.low, "high": self.high, "count": self.count}


@dataclass(frozen=True, eq=False)
class Ratio:
    """What is summed above and below the line, a value a question.

    Args:
        above: (questions,) float64; 0 for questions that do not count.
        below: The same.
        count: How many questions count.
    """

    above: NDArray[np.float64]
    below: NDArray[np.float64]
    count: int


def mean_of(values: Sequence[float | bool | None]) -> Ratio:
    """The mean of those that are there."""
    below = np.array([value is not None for value in values], dtype=np.float64)
    above = np.array([0.0 if value is None else float(value) for value in values], dtype=np.float64)
    return Ratio(above, below, int(below.sum()))


def quotient_of(pairs: Sequence[tuple[bool, bool] | None]) -> Ratio:
    """How many have the first for each that has the second; may be more than 1."""
    above = np.array([pair is not None and pair[0] for pair in pairs], dtype=np.float64)
    below = np.array([pair is not None and pair[1] for pair in pairs], dtype=np.float64)
    return Ratio(above, below, sum(pair is not None for pair in pairs))


def estimates(
    ratios: Sequence[Ratio], clusters: Sequence[str], *, resamples: int = RESAMPLES, seed: int = _SEED
) -> list[Estimate]:
    """Figures with their 95 % percentile intervals.

    Args:
        ratios: Of the same questions.
        clusters: The cluster of each question.
        resamples: How often the clusters are drawn.
        seed: Same seed, same intervals.
    """
    if not ratios:
        return []
    names = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    members = np.array([names[name] for name in clusters], dtype=np.intp)
    above = _cluster_sums([ratio.above for ratio in ratios], members, len(names))
    below = _cluster_sums([ratio.below for ratio in ratios], members, len(names))
    low, high = _interval(above, below, resamples, seed)
    values = _divided(above.sum(axis=0), below.sum(axis=0))
    return [
        Estimate(_number(values[i]), *_ends(low[i], high[i], ratio.count), ratio.count)
        for i, ratio in enumerate(ratios)
    ]


def _cluster_sums(
    columns: Sequence[NDArray[np.float64]], members: NDArray[np.intp], clusters: int
) -> NDArray[np.float64]:
    """(clusters, ratios)."""
    return np.stack([np.bincount(members, weights=column, minlength=clusters) for column in columns], axis=1)


def _interval(
    above: NDArray[np.float64], below: NDArray[np.float64], resamples: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """2.5 % and 97.5 % of every ratio over the resamples; NaN where no resample has it.

    A single cluster can be drawn in one way only, which tells nothing: NaN, too.
    """
    clusters = len(above)
    drawn = np.full((resamples, above.shape[1]), np.nan)
    if clusters > 1:
        rng = np.random.default_rng(seed)
        chunk = max(1, _CHUNK_WEIGHTS // clusters)
        for start in range(0, resamples, chunk):
            stop = min(start + chunk, resamples)
            weights = _weights(rng, stop - start, clusters)
            drawn[start:stop] = _divided(weights @ above, weights @ below)
    has_some = ~np.isnan(drawn).all(axis=0)
    ends = np.full((2, drawn.shape[1]), np.nan)
    ends[:, has_some] = np.nanpercentile(drawn[:, has_some], (2.5, 97.5), axis=0)
    return ends[0], ends[1]


def _weights(rng: np.random.Generator, resamples: int, clusters: int) -> NDArray[np.float64]:
    """(resamples, clusters): how often each cluster was drawn."""
    drawn = rng.integers(0, clusters, (resamples, clusters))
    drawn += np.arange(resamples)[:, np.newaxis] * clusters
    counts = np.bincount(drawn.ravel(), minlength=resamples * clusters)
    return counts.reshape(resamples, clusters).astype(np.float64)


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient


def _ends(low: np.float64, high: np.float64, count: int) -> tuple[float | None, float | None]:
    """Of a single question nobody knows how far its figure could be off."""
    return (_number(low), _number(high)) if count > 1 else (None, None)


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
