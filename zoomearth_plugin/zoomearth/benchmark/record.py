"""One question asked in one mode: a line of ``answers.jsonl``, and all that figures are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from ..core.frames import PixelBox
from ..training.matching import WordNet, is_strict_match


class Mode(str, Enum):
    """How the model may look; in the order in which a question is asked."""

    ACTIVE = "active"  # it may zoom
    PASSIVE = "passive"  # the overview is all that it sees
    ORACLE = "oracle"  # it is shown the true place, and may not zoom


@dataclass(frozen=True)
class Record:
    """What was asked, what is true, what came back.

    Boxes are native pixels of the image. Everything that came from the model is untrusted text.

    Args:
        question_id: Unique within its data set.
        mode: How it was asked.
        image: The data set's name for the image.
        level: ``global``, ``region``, ``object`` or empty.
        type: Of the question.
        box: Where the answer is to be read; None where there is no such place.
        extent: The part of the image that the question is about.
        region: Where the model pointed, as it did; None where it pointed nowhere.
        window: What of the image was shown last; None where nothing was.
        views: (width, height) of every picture shown, pixels.
        visual_tokens: Of all pictures; None where the engine cannot say.
        seconds: From question to answer, reading included.
        is_strict: Whether the answer is the truth, see :func:`scored`.
        is_wordnet: The same with WordNet's synonyms; None where there is no WordNet.
        output: All that the model wrote.
        error: Code of what went wrong with this question; such a question counts as answered wrongly.
    """

    question_id: str
    mode: Mode
    image: str
    question: str
    level: str
    type: str
    truth: str
    answer: str
    box: PixelBox | None
    extent: PixelBox
    region: PixelBox | None
    window: PixelBox | None
    views: tuple[tuple[int, int], ...]
    visual_tokens: int | None
    seconds: float
    is_strict: bool = False
    is_wordnet: bool | None = None
    output: str = ""
    error: str = ""

    @property
    def key(self) -> tuple[str, Mode]:
        return self.question_id, self.mode

    @property
    def zooms(self) -> int:
        """How many pictures followed the first."""
        return max(0, len(self.views) - 1)

    @property
    def kind(self) -> str:
        """Level and type: LRS-GRO counts on two levels, and calls them two of its 17 types."""
        return f"{self.level}: {self.type}" if self.level else self.type

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.question_id,
            "mode": self.mode.value,
            "image": self.image,
            "question": self.question,
            "level": self.level,
            "type": self.type,
            "truth": self.truth,
            "answer": self.answer,
            "box": _sides(self.box),
            "extent": _sides(self.extent),
            "region": _sides(self.region),
            "window": _sides(self.window),
            "zooms": self.zooms,
            "views": [list(size) for size in self.views],
            "visual_tokens": self.visual_tokens,
            "seconds": self.seconds,
            "strict": self.is_strict,
            "wordnet": self.is_wordnet,
            "output": self.output,
            "error": self.error,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Record:
        """The record of a line.

        Raises:
            KeyError, TypeError, ValueError: It is no such line.
        """
        tokens, wordnet = payload["visual_tokens"], payload["wordnet"]
        return cls(
            question_id=str(payload["id"]),
            mode=Mode(payload["mode"]),
            image=str(payload["image"]),
            question=str(payload["question"]),
            level=str(payload["level"]),
            type=str(payload["type"]),
            truth=str(payload["truth"]),
            answer=str(payload["answer"]),
            box=_box(payload["box"]),
            extent=PixelBox.from_corners(payload["extent"]),
            region=_box(payload["region"]),
            window=_box(payload["window"]),
            views=tuple((int(width), int(height)) for width, height in payload["views"]),
            visual_tokens=None if tokens is None else int(tokens),
            seconds=float(payload["seconds"]),
            is_strict=bool(payload["strict"]),
            is_wordnet=None if wordnet is None else bool(wordnet),
            output=str(payload["output"]),
            error=str(payload["error"]),
        )


def scored(record: Record, wordnet: WordNet | None) -> Record:
    """The record with its answer set beside the truth, whatever it said of that before.

    Args:
        wordnet: None where there is none: then nothing is said of synonyms.
    """
    is_wordnet = None if wordnet is None else wordnet.is_match(record.answer, record.truth)
    return replace(record, is_strict=is_strict_match(record.answer, record.truth), is_wordnet=is_wordnet)


def _sides(box: PixelBox | None) -> list[float] | None:
    return None if box is None else [round(side, 3) for side in box.to_json()]


def _box(sides: Any) -> PixelBox | None:
    return None if sides is None else PixelBox.from_corners(sides)
