"""What became of a job, and its rows: an answer with its places, or a failure with its code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..core.errors import ZoomEarthError, error_from_json
from ..core.types import Answer
from .jobs import Job


@dataclass(frozen=True)
class Outcome:
    """An answer or an error.

    Args:
        job: What was asked.
        asked_at: When, with its time zone.
        answer: None where it failed.
        error: None where it did not.
    """

    job: Job
    asked_at: datetime
    answer: Answer | None = None
    error: ZoomEarthError | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "job": self.job.to_json(),
            "asked_at": self.asked_at.isoformat(),
            "answer": self.answer.to_json() if self.answer else None,
            "error": self.error.to_json() if self.error else None,
        }

    def to_text(self) -> str:
        """One line, for processes that hand outcomes on."""
        return json.dumps(self.to_json())

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Outcome:
        answer, error = payload.get("answer"), payload.get("error")
        return cls(
            Job.from_json(payload["job"]),
            datetime.fromisoformat(payload["asked_at"]),
            Answer.from_json(answer) if answer else None,
            error_from_json(error) if error else None,
        )

    @classmethod
    def from_text(cls, text: str) -> Outcome:
        """Of :meth:`to_text`."""
        return cls.from_json(json.loads(text))
