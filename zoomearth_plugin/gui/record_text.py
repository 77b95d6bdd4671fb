"""An answer as plain text, for the clipboard."""

from __future__ import annotations

from typing import List

from qgis.PyQt.QtCore import QCoreApplication

from ..tasks import AnswerRecord
from ..wording import warning_text
from ..zoomearth.core.types import Ring
from .measures import NO_BREAK, box_text, gsd_text, in_full_detail_text, metres_per_raster_pixel, seconds_text

translate = QCoreApplication.translate


def record_text(record: AnswerRecord) -> str:
    """The question, the answer, each region as WKT in the raster's frame, and where it all comes from."""
    answer = record.answer
    metres = metres_per_raster_pixel(answer)
    lines: List[str] = [record.query.question, answer.text, ""]
    for region in answer.regions:
        lines.append(f"{region.label}: {box_text(region.pixel_box, metres)}")
        lines.append(polygon_text(region.polygon))
    frame = answer.crs or translate("RecordText", "no coordinate reference system")
    facts = (
        (translate("RecordText", "Coordinates"), frame),
        (translate("RecordText", "Raster"), record.query.raster.uri),
        (translate("RecordText", "Searched"), box_text(answer.searched_box, metres)),
        (translate("RecordText", "Finest detail"), gsd_text(answer.seen_gsd_m)),
        (translate("RecordText", "In full detail"), in_full_detail_text(answer.native_share)),
        (translate("RecordText", "Model"), f"{answer.model} {answer.revision}".strip()),
        (translate("RecordText", "Time"), seconds_text(answer.seconds)),
    )
    lines += [f"{name}: {value}" for name, value in facts if value]
    lines += [warning_text(note) for note in (*answer.approximations, *answer.warnings)]
    return "\n".join(lines).replace(NO_BREAK, " ")


def polygon_text(ring: Ring) -> str:
    """Well-known text of a ring that is closed by implication."""
    positions = ", ".join(f"{x:.10g} {y:.10g}" for x, y in (*ring, ring[0]))
    return f"POLYGON (({positions}))"
