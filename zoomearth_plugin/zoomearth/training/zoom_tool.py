"""The zoom as a tool call of a rollout: a text goes in, the window to show next comes out.

The product's dialogue (:mod:`zoomearth.perception.looking`) looks, asks and zooms in one go; a batch of
rollouts takes the same decisions between the turns of all its members. What a text means, how a window
grows and when there is no closer look are the product's own rules and, where they are functions, its own
functions; ``tests/training/test_rollout_zoom.py`` plays the same texts to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.frames import PixelBox, View, view_size
from ..models.processor import snapped_side
from ..models.profile import Profile
from ..perception import prompts
from ..perception.actions import Zoom, parse
from ..perception.looking import shows_no_more, zoom_window
from .rewards import Outcome, is_wellformed


class ImageSource(Protocol):
    """What a question is asked about; windows of it, read or drawn one by one."""

    @property
    def extent(self) -> PixelBox:
        """The searched area, whole pixels."""

    def view(self, window: PixelBox, side_px: int) -> NDArray[np.uint8]:
        """(rows, columns, 3) of a window.

        Args:
            window: Whole pixels inside ``extent``.
            side_px: Longer side of the picture; never enlarged: ``view_size`` says how large it is.
        """


@dataclass(frozen=True)
class LookRules:
    """How a policy may look.

    Args:
        profile: Wording, box frame, minimum crop and handover.
        side_px: Longer side of every view.
        max_zooms: 0 answers from the overview.
        factor_px: View pixels in one picture token; sides snap to it.
    """

    profile: Profile
    side_px: int
    max_zooms: int
    factor_px: int

    def view(self, window: PixelBox) -> View:
        """How a window is shown."""
        return View(window, view_size(window, self.side_px, self.profile.magnification))


class Looking:
    """One rollout's looks; the state that grows while the policy writes.

    Args:
        question: As a person would type it.
        extent: The searched area, whole pixels.
        rules: How to look.
    """

    def __init__(self, question: str, extent: PixelBox, rules: LookRules) -> None:
        self.view = rules.view(extent)
        self._question = question
        self._extent = extent
        self._rules = rules
        self._turns: list[str] = []
        self._zooms = 0
        self._region: PixelBox | None = None
        self._answer: str | None = None
        self._was_cut = False

    @property
    def text(self) -> str:
        """What the user says with the picture of the present view."""
        wording = prompts.next_text if self._turns else prompts.first_text
        return wording(self._rules.profile, self._question, self._may_zoom)

    def respond(self, text: str, *, was_cut: bool) -> PixelBox | None:
        """Take what the policy wrote under the present view.

        Args:
            text: One turn.
            was_cut: Whether it ran into the limit of tokens.

        Returns:
            The window to show next, which is the present view from now on; None when it is over.
        """
        profile = self._rules.profile
        width, height = (snapped_side(side, self._rules.factor_px) for side in self.view.size)
        action = parse(text, self.view, profile, (width, height))
        self._turns.append(text)
        if not isinstance(action, Zoom):
            self._end(action.text, was_cut=was_cut)
            return None
        place = self.view.to_pixels(action.box).intersection(self._extent)
        window = zoom_window(place, profile.minimum_crop_px, self._extent)
        if not self._may_zoom or shows_no_more(window, self.view, self._zooms, action.answer):
            self._region = place if action.answer else self._region
            self._end(action.answer, was_cut=was_cut or not action.answer)
            return None
        self._region = place
        self._zooms += 1
        self.view = self._rules.view(window)
        return window

    def outcome(self) -> Outcome:
        """What came of it, for the rewards."""
        return Outcome(
            turns=tuple(self._turns),
            answer=self._answer,
            box=self._region,
            zooms=self._zooms,
            is_wellformed=is_wellformed(self._turns),
            truncated=self._was_cut,
        )

    @property
    def _may_zoom(self) -> bool:
        """From the overview always; from a zoomed view where a window could show more."""
        if self._zooms >= self._rules.max_zooms:
            return False
        longest_px = max(self.view.window.width, self.view.window.height)
        is_closest = self.view.is_native or longest_px <= self._rules.profile.minimum_crop_px
        return self._zooms == 0 or not is_closest

    def _end(self, answer: str, *, was_cut: bool) -> None:
        self._answer = answer or None
        self._was_cut = was_cut
