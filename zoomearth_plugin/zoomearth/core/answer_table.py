"""Answers as rows of a table: the same columns in QGIS's answer layer and in files of the command line."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Dict, List, Optional, Tuple

from .errors import AreaOutsideError
from .frames import PixelBox, View
from .types import Answer, Polygons, Query, Region

COLUMNS: Dict[str, str] = {
    "question": "text",
    "answer": "text",
    "label": "text",
    "score": "real",
    "verified": "bool",
    "kind": "text",
    "step": "integer",
    "reasoning": "text",
    "raw_output": "text",
    "model": "text",
    "revision": "text",
    "source": "text",
    "seen_gsd_m": "real",
    "area_m2": "real",
    "pixel_box": "text",
    "asked_at": "time",
    "seconds": "real",
    "warnings": "text",
}
"""Names in their order, and what each holds: text, real, integer, bool or time."""

REGION = "region"
SEARCHED_AREA = "searched_area"
_SAME_SIDE_PX = 1.0

Row = Tuple[Dict[str, Any], Polygons]
"""Values by column, without ``area_m2``; and the place in the answer's frame."""


def answer_rows(answer: Answer, query: Query, asked_at: datetime) -> List[Row]:
    """One row a region; without regions, one for the searched area: no answer is without a place."""
    common = {
        "question": query.question,
        "answer": _clean(answer.text),
        "reasoning": _clean(answer.reasoning),
        "raw_output": _clean(answer.raw_output),
        "model": answer.model,
        "revision": answer.revision,
        "source": query.raster.uri,
        "seen_gsd_m": answer.seen_gsd_m,
        "asked_at": asked_at,
        "seconds": answer.seconds,
        "warnings": _clean("\n".join((*answer.warnings, *answer.approximations))) or None,
    }
    if not answer.regions:
        searched = {"kind": SEARCHED_AREA, "step": len(answer.steps) or None}
        searched["pixel_box"] = _box_text(answer.searched_box)
        return [({**common, **searched}, answer.searched_polygons)]
    return [({**common, **_region_values(answer, region)}, ((region.polygon,),)) for region in answer.regions]


def _region_values(answer: Answer, region: Region) -> Dict[str, Any]:
    return {
        "kind": REGION,
        "label": _clean(region.label),
        "score": region.score,
        "verified": region.verified,
        "step": _marking_step(answer, region),
        "pixel_box": _box_text(region.pixel_box),
    }


def _marking_step(answer: Answer, region: Region) -> Optional[int]:
    """The last look, 1 for the overview, in which the model marked the region; None when it is not told."""
    for number, step in reversed(list(enumerate(answer.steps, start=1))):
        if step.box is None:
            continue
        marked = _clipped(View(step.window, step.view_size).to_pixels(step.box), answer.searched_box)
        sides = zip(marked.to_json(), region.pixel_box.to_json())
        if all(abs(mark - side) <= _SAME_SIDE_PX for mark, side in sides):
            return number
    return None


def _clipped(box: PixelBox, within: PixelBox) -> PixelBox:
    """As regions are clipped to the searched area; a box outside of it stays as it is."""
    try:
        return box.intersection(within)
    except AreaOutsideError:
        return box


def _box_text(box: PixelBox) -> str:
    """``[left, top, right, bottom]``, to a hundredth of a pixel."""
    return json.dumps([int(side) if side == int(side) else round(side, 2) for side in box.to_json()])


def _clean(text: str) -> str:
    """Text of a model without what a database cannot hold: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
