"""From what a model wrote to what it wants: a closer look, or to answer.

The protocol is ``<think>…</think>`` followed by ``[{"bbox_2d": [x1, y1, x2, y2], "label": "…"}]`` or by
``<answer>…</answer>``. Small models, and models that were never trained on it, keep to it loosely, so
the reading is forgiving: any spacing, broken or fenced JSON, reversed or fractional or several boxes,
tags that are never closed. What it never does is guess: three numbers are no box.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

from ..core.frames import View, ViewBox
from ..models.profile import BoxFrame, Profile

MAX_LABEL_LENGTH = 200

_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_THINK = re.compile(r"<\s*think\s*>(.*?)<\s*/\s*think\s*>", re.DOTALL | re.IGNORECASE)
_THINK_OPEN = re.compile(r"<\s*think\s*>", re.IGNORECASE)
_THINK_TAG = re.compile(r"<\s*/?\s*think\s*>", re.IGNORECASE)
_ANSWER = re.compile(
    r"<\s*answer\s*>(.*?)(?:<\s*/\s*answer\s*>|(?=<\s*answer\s*>)|\Z)", re.DOTALL | re.IGNORECASE
)
_CONTROL_TOKEN = re.compile(r"<\|[^|<>]*\|>")
_BOX = re.compile(
    r"""["'\s]*\bbbox(?:_2d)?["'\s]*:\s*[\[(\s]*"""  # the key, quoted or not, and any opening brackets
    rf"((?:{_NUMBER}[\s,;]*)+)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"""\blabel["'\s]*:\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^"',}\]]+))""", re.IGNORECASE
)


@dataclass(frozen=True)
class Zoom:
    """The model wants to see a place larger.

    Args:
        box: In the view, inside it, at least one view pixel wide and high.
        label: Its word for what is there; untrusted.
        reasoning: What it thought.
        answer: An answer that it gave all the same, before looking; empty when it gave none.
        other_boxes: How many further places it named.
    """

    box: ViewBox
    label: str
    reasoning: str
    answer: str = ""
    other_boxes: int = 0


@dataclass(frozen=True)
class Reply:
    """The model answers; ``I can't tell`` is an answer like any other."""

    text: str
    reasoning: str


@dataclass(frozen=True)
class Nothing:
    """Neither box nor answer; ``text`` is what stands outside the thoughts."""

    text: str
    reasoning: str


Action = Zoom | Reply | Nothing


def parse(text: str, view: View, profile: Profile, processed_size: tuple[int, int] | None = None) -> Action:
    """Read one turn.

    A box goes before an answer in the same turn: the model answered before it looked. The first box
    that lies in the view counts.

    Args:
        text: What the model wrote.
        view: What it was shown.
        profile: Says what its boxes count.
        processed_size: (width, height) that the processor made of the view; None for the view's own.
    """
    reasoning, rest = _split_thoughts(text)
    answer = _answer(rest)
    counted = {BoxFrame.PER_MILLE: (1000, 1000), BoxFrame.PROCESSED_PIXELS: processed_size or view.size}
    boxes = _boxes(_ANSWER.sub(" ", rest), view, counted.get(profile.box_frame, view.size))
    if boxes:
        box, label = boxes[0]
        return Zoom(box, label, reasoning, answer, other_boxes=len(boxes) - 1)
    if answer:
        return Reply(answer, reasoning)
    return Nothing(plain_text(_ANSWER.sub(" ", rest)), reasoning)


def plain_text(text: str) -> str:
    """Untrusted text without control tokens and control characters; line breaks stay."""
    text = _CONTROL_TOKEN.sub("", text)
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def _split_thoughts(text: str) -> tuple[str, str]:
    """(thoughts, the rest). A thought that is never closed ends where a box or an answer begins."""
    thoughts = [match.group(1) for match in _THINK.finditer(text)]
    rest = _THINK.sub(" ", text)
    unclosed = _THINK_OPEN.search(rest)
    if unclosed:
        tail = rest[unclosed.end() :]
        starts = [match.start() for match in (_BOX.search(tail), _ANSWER.search(tail)) if match]
        end = min(starts, default=len(tail))
        thoughts.append(tail[:end].rstrip(" [{\"'\n`"))
        rest = rest[: unclosed.start()] + tail[end:]
    reasoning = "\n".join(filter(None, (plain_text(thought) for thought in thoughts)))
    return reasoning, _THINK_TAG.sub(" ", rest)


def _answer(text: str) -> str:
    """The last answer that is not empty, lines and all."""
    answers = [plain_text(match.group(1)) for match in _ANSWER.finditer(text)]
    return next((answer for answer in reversed(answers) if answer), "")


def _boxes(text: str, view: View, counted: tuple[int, int]) -> list[tuple[ViewBox, str]]:
    found = list(_BOX.finditer(text))
    boxes = []
    for i, match in enumerate(found):
        numbers = [float(number) for number in re.findall(_NUMBER, match.group(1))]
        box = _box(numbers, view, counted)
        if box is not None:
            start = found[i - 1].end() if i else 0
            stop = found[i + 1].start() if i + 1 < len(found) else len(text)
            boxes.append((box, _label(text[start : match.start()], text[match.end() : stop])))
    return boxes


def _box(numbers: list[float], view: View, counted: tuple[int, int]) -> ViewBox | None:
    """Four numbers as a box inside the view; None for more or fewer, or wholly outside.

    Args:
        counted: What the numbers of the view's far corner are.
    """
    width, height = view.size
    try:
        box = ViewBox.from_corners(numbers)
    except ValueError:
        return None
    across, down = width / counted[0], height / counted[1]
    box = ViewBox(box.left * across, box.top * down, box.right * across, box.bottom * down)
    if box.left > width or box.top > height or box.right < 0 or box.bottom < 0:
        return None
    left, right = _one_pixel_at_least(max(0.0, box.left), min(float(width), box.right), width)
    top, bottom = _one_pixel_at_least(max(0.0, box.top), min(float(height), box.bottom), height)
    return ViewBox(left, top, right, bottom)


def _one_pixel_at_least(low: float, high: float, size: int) -> tuple[float, float]:
    if high - low >= 1.0:
        return low, high
    start = max(0.0, min((low + high - 1.0) / 2, size - 1.0))
    return start, start + 1.0


def _label(before: str, after: str) -> str:
    """The label in the same JSON object as a box: after it, or else before it."""
    same_object = after.split("}")[0]
    match = _LABEL.search(same_object) or _LABEL.search(before.rsplit("{", 1)[-1] if "{" in before else "")
    if match is None:
        return ""
    raw = next(group for group in match.groups() if group is not None)
    return " ".join(plain_text(_unescaped(raw)).split())[:MAX_LABEL_LENGTH]


def _unescaped(raw: str) -> str:
    """The text of a JSON string; text with other escapes than JSON's stands as it is."""
    try:
        return str(json.loads(f'"{raw}"'))
    except ValueError:
        return raw
