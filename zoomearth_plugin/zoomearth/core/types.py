"""A question and its answer, as they cross the door: plain, frozen, JSON both ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .area import Area, Polygon, Polygons, Ring, polygons_from_json, polygons_to_json, ring_from_json
from .errors import QuestionInvalidError
from .frames import PixelBox, Quad, ViewBox
from .raster_request import RasterRequest, Stretch

MAX_QUESTION_LENGTH = 2000


class AnswerFrame(str, Enum):
    """What the coordinates of an answer's polygons are."""

    CRS = "crs"  # map coordinates in the answer's ``crs``
    OWN = "own"  # map coordinates of a file that has a geotransform but names no CRS
    PIXELS = "pixels"  # column, row: the file has no geotransform


@dataclass(frozen=True)
class Options:
    """How hard to look.

    Args:
        max_zooms: How many zooms the model may take; 0 answers from the overview.
        view_side_px: Longer side of each view; None for the model profile's.
        with_pictures: Whether each step carries its view as a PNG.
    """

    max_zooms: int = 3
    view_side_px: Optional[int] = None
    with_pictures: bool = False

    def to_json(self) -> Dict[str, Any]:
        return {
            "max_zooms": self.max_zooms,
            "view_side_px": self.view_side_px,
            "with_pictures": self.with_pictures,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Options:
        side = payload.get("view_side_px")
        return cls(
            int(payload.get("max_zooms", 3)),
            None if side is None else int(side),
            bool(payload.get("with_pictures", False)),
        )


@dataclass(frozen=True)
class Query:
    """One question, frozen on the main thread; nothing of the project is touched after this.

    Args:
        question: What the person typed.
        raster: The pixels.
        area: None for the whole raster.
        model: Profile name, folder, hub id, or ``scripted:FILE.json``.
    """

    question: str
    raster: RasterRequest
    area: Optional[Area] = None
    options: Options = field(default_factory=Options)
    model: str = "zoomearth-mini"

    def validated(self) -> Query:
        """The query with its question trimmed.

        Raises:
            QuestionInvalidError: Empty, or longer than :data:`MAX_QUESTION_LENGTH` characters.
        """
        question = " ".join(self.question.split())
        if not question:
            raise QuestionInvalidError("the question is empty")
        if len(question) > MAX_QUESTION_LENGTH:
            raise QuestionInvalidError(
                f"the question has {len(question)} characters, more than {MAX_QUESTION_LENGTH}"
            )
        return Query(question, self.raster, self.area, self.options, self.model)

    def to_json(self) -> Dict[str, Any]:
        return {
            "question": self.question,
            "raster": self.raster.to_json(),
            "area": self.area.to_json() if self.area else None,
            "options": self.options.to_json(),
            "model": self.model,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Query:
        return cls(
            str(payload["question"]),
            RasterRequest.from_json(payload["raster"]),
            Area.from_json(payload["area"]) if payload.get("area") else None,
            Options.from_json(payload.get("options") or {}),
            str(payload.get("model") or "zoomearth-mini"),
        )


@dataclass(frozen=True)
class Region:
    """A place that an answer was read from.

    Args:
        label: The model's word for it; untrusted text.
        pixel_box: In the full raster.
        polygon: Closed by implication, in the answer's frame; four corners for a box.
        score: 0 to 1, None where nobody scored it.
        verified: None where nobody verified it.
    """

    label: str
    pixel_box: PixelBox
    polygon: Ring
    score: Optional[float] = None
    verified: Optional[bool] = None

    def to_json(self) -> Dict[str, Any]:
        return {
            "label": self.label,
            "score": self.score,
            "verified": self.verified,
            "pixel_box": self.pixel_box.to_json(),
            "polygon": [list(position) for position in self.polygon],
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Region:
        return cls(
            str(payload["label"]),
            PixelBox.from_corners(payload["pixel_box"]),
            ring_from_json(payload["polygon"]),
            payload.get("score"),
            payload.get("verified"),
        )


@dataclass(frozen=True)
class Step:
    """One look.

    Args:
        window: What of the raster was shown.
        view_size: (width, height) of the picture, pixels.
        text: What the model wrote, raw; untrusted.
        box: Where it chose to zoom, in the view; None when it answered.
        seen_gsd_m: Metres of ground in one view pixel; None without a metric CRS.
        picture_png: The view as base64 PNG; empty unless asked for.
    """

    window: PixelBox
    view_size: Tuple[int, int]
    text: str
    box: Optional[ViewBox] = None
    seen_gsd_m: Optional[float] = None
    picture_png: str = ""

    def to_json(self) -> Dict[str, Any]:
        return {
            "window": self.window.to_json(),
            "view_size": list(self.view_size),
            "text": self.text,
            "box": self.box.to_json() if self.box else None,
            "seen_gsd_m": self.seen_gsd_m,
            "picture_png": self.picture_png,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Step:
        width, height = payload["view_size"]
        return cls(
            PixelBox.from_corners(payload["window"]),
            (int(width), int(height)),
            str(payload["text"]),
            ViewBox.from_corners(payload["box"]) if payload.get("box") else None,
            payload.get("seen_gsd_m"),
            str(payload.get("picture_png", "")),
        )


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    Args:
        text: The answer; untrusted text. Empty when the model wrote none (a warning says so).
        regions: Where it was read from; empty when it was read from the whole searched area.
        searched_box: The area asked about, raster pixels.
        searched_polygons: The same, in the answer's frame; what was asked about where that was polygons.
        frame: What the polygons' coordinates are.
        crs: ``AUTHORITY:CODE`` or WKT; None when the file names none.
        seen_gsd_m: The finest ground sampling distance that the model saw, metres.
        native_share: How much of the area it saw at the raster's own resolution, 0 to 1.
        reasoning: The model's thoughts, all steps; untrusted.
        timings: Seconds by stage.
        warnings: Each ``code: sentence``.
        approximations: How what was shown differs from the raster's own pixels, each ``code: sentence``.
    """

    text: str
    regions: Tuple[Region, ...]
    steps: Tuple[Step, ...]
    searched_box: PixelBox
    searched_polygons: Polygons
    frame: AnswerFrame
    crs: Optional[str]
    seen_gsd_m: Optional[float]
    model: str
    revision: str
    seconds: float
    reasoning: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    warnings: Tuple[str, ...] = ()
    native_share: float = 0.0
    approximations: Tuple[str, ...] = ()

    @property
    def raw_output(self) -> str:
        """All that the model wrote, a step a paragraph."""
        return "\n\n".join(step.text for step in self.steps)

    def to_json(self) -> Dict[str, Any]:
        """Everything, for the door; :meth:`from_json` gives the same answer back."""
        return {
            **self.to_public_json(),
            "steps": [step.to_json() for step in self.steps],
            "searched_box": self.searched_box.to_json(),
            "searched_polygons": polygons_to_json(self.searched_polygons),
            "frame": self.frame.value,
            "reasoning": self.reasoning,
            "timings": dict(self.timings),
        }

    def to_public_json(self) -> Dict[str, Any]:
        """The object that ``zoomearth ask --json`` prints."""
        steps: List[Dict[str, Any]] = [
            {"window": s.window.to_json(), "view_size": list(s.view_size), "text": s.text} for s in self.steps
        ]
        return {
            "answer": self.text,
            "regions": [region.to_json() for region in self.regions],
            "crs": self.crs,
            "steps": steps,
            "seen_gsd_m": self.seen_gsd_m,
            "native_share": self.native_share,
            "model": self.model,
            "revision": self.revision,
            "seconds": self.seconds,
            "warnings": list(self.warnings),
            "approximations": list(self.approximations),
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Answer:
        return cls(
            text=str(payload["answer"]),
            regions=tuple(Region.from_json(region) for region in payload["regions"]),
            steps=tuple(Step.from_json(step) for step in payload["steps"]),
            searched_box=PixelBox.from_corners(payload["searched_box"]),
            searched_polygons=polygons_from_json(payload["searched_polygons"]),
            frame=AnswerFrame(payload["frame"]),
            crs=payload.get("crs"),
            seen_gsd_m=payload.get("seen_gsd_m"),
            model=str(payload["model"]),
            revision=str(payload["revision"]),
            seconds=float(payload["seconds"]),
            reasoning=str(payload.get("reasoning", "")),
            timings={str(k): float(v) for k, v in (payload.get("timings") or {}).items()},
            warnings=tuple(str(warning) for warning in payload.get("warnings") or ()),
            native_share=float(payload.get("native_share", 0.0)),
            approximations=tuple(str(one) for one in payload.get("approximations") or ()),
        )


__all__ = [
    "MAX_QUESTION_LENGTH",
    "Answer",
    "AnswerFrame",
    "Area",
    "Options",
    "Polygon",
    "Polygons",
    "Quad",
    "Query",
    "RasterRequest",
    "Region",
    "Ring",
    "Step",
    "Stretch",
]
