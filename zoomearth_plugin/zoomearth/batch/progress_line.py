"""What a batch tells while it runs: how far it is, how quick, and how long it will take."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .carrying import Tally

_TELL_EVERY_S = 2.0
_FIRST_S = 1.0
"""What comes within this time of the first outcome, as do questions that are asked together, counts as it."""
_LEAST_OUTCOMES, _LEAST_S = 5, 4.0
"""After which a rate means something."""
_BAR = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


class ProgressLine:
    """A bar with rate and time left on a terminal; a line now and then elsewhere.

    Args:
        total: Jobs in all.
    """

    def __init__(self, total: int) -> None:
        from tqdm import tqdm

        self._is_terminal = sys.stderr.isatty()
        self._bar = tqdm(total=total, file=sys.stderr, disable=not self._is_terminal, bar_format=_BAR)
        self._told_s = time.monotonic()
        self._pace = Pace()
        self._message = ""

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def tell(self, tally: Tally) -> None:
        """Show how far it is."""
        now_s = time.monotonic()
        self._pace.note(tally.answered + tally.failed, now_s)
        if tally.message != self._message:
            self._message = tally.message
            if tally.message:
                self._say(tally.message)
        if self._is_terminal:
            self._bar.set_postfix_str(state_of(tally, self._pace, now_s), refresh=False)
            self._bar.update(tally.done - self._bar.n)
        elif now_s - self._told_s > _TELL_EVERY_S or tally.done == tally.total:
            self._told_s = now_s
            self._say(f"{tally.done} of {tally.total}, {state_of(tally, self._pace, now_s)}")

    def _say(self, text: str) -> None:
        self._bar.write(text, file=sys.stderr)


class Pace:
    """How many outcomes a second come, once they come: a model was loaded, a first raster opened by then."""

    def __init__(self) -> None:
        self._first_s: float | None = None
        self._start_s = 0.0
        self._start = self._outcomes = 0

    def note(self, outcomes: int, now_s: float) -> None:
        """Take note of how many there are, of this run."""
        if outcomes == self._outcomes:
            return
        self._outcomes = outcomes
        if self._first_s is None:
            self._first_s = now_s
        if now_s - self._first_s <= _FIRST_S:
            self._start, self._start_s = outcomes, now_s

    def rate(self, now_s: float) -> float | None:
        """Outcomes a second after the first ones; None while that is not known yet."""
        came, spent_s = self._outcomes - self._start, now_s - self._start_s
        return came / spent_s if came >= _LEAST_OUTCOMES and spent_s >= _LEAST_S else None


def state_of(tally: Tally, pace: Pace, now_s: float) -> str:
    """How many failed; rate and time left once they are known."""
    parts = [f"{tally.before_failed + tally.failed} failed"]
    rate = pace.rate(now_s)
    if rate is not None:
        parts.append(f"{rate:.2g} a second" if rate < 10 else f"{rate:.0f} a second")
        if tally.done < tally.total:
            parts.append(f"{time_left((tally.total - tally.done) / rate)} left")
    return ", ".join(parts)


def time_left(seconds: float) -> str:
    """As a person says it: ``about 40 s``, ``about 3 min``, ``about 2 h 5 min``, ``about 3 days``."""
    fives, minutes = max(1, round(seconds / 5)), round(seconds / 60)
    if fives < 18:
        return f"about {5 * fives} s"
    if minutes < 90:
        return f"about {minutes} min"
    if minutes < 48 * 60:
        return f"about {minutes // 60} h {minutes % 60} min"
    return f"about {round(minutes / 60 / 24)} days"
