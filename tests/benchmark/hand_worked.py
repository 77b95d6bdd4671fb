"""The twenty answers of ``hand_worked.jsonl`` as records; every look counts 100 tokens and 0.1 s."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from zoomearth.benchmark.record import Mode, Record, scored
from zoomearth.core.frames import PixelBox
from zoomearth.training.matching import WordNet

FILE = Path(__file__).with_name("hand_worked.jsonl")


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def records(wordnet: WordNet | None = None) -> list[Record]:
    """Every row in every mode that it has an answer for."""
    found = []
    for row in rows():
        whole = {"region": None, "window": row["extent"], "views": 1}
        for mode in Mode:
            if mode.value in row:
                said = row[mode.value] if mode is Mode.ACTIVE else {"answer": row[mode.value], **whole}
                found.append(scored(_record(row, mode, said), wordnet))
    return found


def _record(row: dict[str, Any], mode: Mode, said: dict[str, Any]) -> Record:
    error = said.get("error", "")
    return Record(
        question_id=row["id"],
        mode=mode,
        image=row["image"],
        question=f"What about {row['type']}?",
        level=row["level"],
        type=row["type"],
        truth=row["truth"],
        answer=said["answer"],
        box=_box(row["box"]),
        extent=PixelBox(*row["extent"]),
        region=_box(said["region"]),
        window=_box(said["window"]),
        views=((240, 240),) * said["views"],
        visual_tokens=None if error else 100 * said["views"],
        seconds=0.1 * said["views"],
        error=error,
    )


def _box(sides: list[float] | None) -> PixelBox | None:
    return None if sides is None else PixelBox(*sides)
