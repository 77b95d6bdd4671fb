"""What a long operation tells while it runs, and how it is asked to stop."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum
from typing import Any, Callable, Dict, Optional

from .errors import Cancelled


class Stage(str, Enum):
    """What is happening to a question now; the values cross the door and never change."""

    QUEUED = "queued"
    STARTING = "starting"
    LOADING_MODEL = "loading_model"
    OPENING = "opening"
    READING_OVERVIEW = "reading_overview"
    LOOKING = "looking"
    ZOOMING = "zooming"
    ANSWERING = "answering"
    DONE = "done"


@dataclass(frozen=True)
class Progress:
    """One report.

    Args:
        stage: What is happening.
        fraction: Share of the whole question done, 0 to 1; None when unknown.
        text: Free detail, e.g. the words written so far; plain text, untrusted.
    """

    stage: Stage
    fraction: Optional[float] = None
    text: str = ""

    def to_json(self) -> Dict[str, Any]:
        return {"stage": self.stage.value, "fraction": self.fraction, "text": self.text}

    @classmethod
    def from_json(cls, payload: Dict[str, Any]) -> Progress:
        """Raises ValueError for an unknown stage."""
        fraction = payload.get("fraction")
        return cls(
            Stage(payload["stage"]),
            None if fraction is None else float(fraction),
            str(payload.get("text", "")),
        )


Report = Callable[[Progress], None]
"""Called from the thread that works; must return at once."""


def ignore_progress(progress: Progress) -> None:
    """A :data:`Report` for callers who do not look."""


class CancelToken:
    """A flag set by one thread and looked at by another."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises Cancelled once the flag is set."""
        if self._event.is_set():
            raise Cancelled()
