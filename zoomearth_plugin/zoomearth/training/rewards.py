"""What a rollout of GRPO is worth: format, answer, IoU and Region-Guided parts, all pure functions.

Departures from the published reward (arXiv 2511.12267 and its code), each on purpose:

- Whether to zoom is the policy's choice here, so a rollout is paid for its *last* region, and a question
  that has a box pays nothing for IoU and region to a rollout that never zoomed.
- A question without a box (LRS-GRO's global level) has no IoU and region part: a zoom there is neither
  rewarded nor punished. So a needless zoom costs nothing but the answer that it may spoil.
- Boxes grow as the zoom loop grows them: a side below the minimum grows to it about the centre and stays
  inside the image. The published code replaces a box by a square of 512 px as soon as *one* side is
  shorter, and lets it reach over the right and lower edge.
- The published trainer sums its parts with weight 1 each; the paper gives format 0.05, taken here.
- An answer is right or wrong. The published code pays WordNet's path similarity below 0.8 as a part of
  the reward (a hypernym earns 0.5) and takes full stops off; here training pays what the benchmark counts.
- A box that equals the truth earns 2 in the published code whatever the distance term; here that is what
  the two terms sum up to.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..core.errors import TrainingConfigError
from ..core.frames import PixelBox
from .data.question import LabelledQuestion

Matches = Callable[[str, str], bool]
"""(answer, truth) -> whether the answer is right."""
RegionShape = Literal["tanh", "sigmoid"]
AnswerMatch = Literal["strict", "wordnet"]

_EPSILON_PX = 1e-6
_FARTHEST_PX = 1e9
"""No coordinate of a picture reaches this."""


@dataclass(frozen=True)
class RewardSettings:
    """How a rollout is paid. Without the Region-Guided part or without IoU: weight 0.

    Args:
        format_weight: 0.05 in the paper.
        answer_weight: 1, as in the published code.
        iou_weight: 1, as in the published code, which sums both box terms.
        region_weight: 1, likewise.
        alpha: Pixels; the distance of the centres at which the tanh form pays tanh(1) = 0.76.
        shape: ``tanh`` as in the published code, ``sigmoid`` as in the paper.
        answer_match: ``strict`` or ``wordnet``; says which function ``matches`` is to be.
        minimum_crop_px: Both boxes grow to it before their IoU is taken; 0 takes them as they are.

    Raises:
        TrainingConfigError: A number below 0, infinite or no number, an alpha of 0, an unknown word.
    """

    format_weight: float = 0.05
    answer_weight: float = 1.0
    iou_weight: float = 1.0
    region_weight: float = 1.0
    alpha: float = 200.0
    shape: RegionShape = "tanh"
    answer_match: AnswerMatch = "strict"
    minimum_crop_px: float = 512.0

    def __post_init__(self) -> None:
        for name in ("format_weight", "answer_weight", "iou_weight", "region_weight", "minimum_crop_px"):
            if not 0 <= getattr(self, name) < math.inf:
                raise TrainingConfigError(f"{name} must be 0 or more, not {getattr(self, name)}")
        if not 0 < self.alpha < math.inf:
            raise TrainingConfigError(f"alpha must be above 0 pixels, not {self.alpha}")
        for name, words in (("shape", ("tanh", "sigmoid")), ("answer_match", ("strict", "wordnet"))):
            if getattr(self, name) not in words:
                raise TrainingConfigError(f"{name} must be {' or '.join(words)}, not {getattr(self, name)!r}")


@dataclass(frozen=True)
class Outcome:
    """What one rollout did.

    Args:
        turns: What the model wrote, one text a look.
        answer: Its answer; None when it gave none.
        box: The last region that it zoomed to, native pixels, as the model named it (not grown); None
            when it never zoomed.
        zooms: How often it zoomed.
        is_wellformed: Whether every turn kept to the protocol, see :func:`is_wellformed`.
        truncated: Whether it was cut off at the length or step limit.
    """

    turns: tuple[str, ...]
    answer: str | None
    box: PixelBox | None
    zooms: int
    is_wellformed: bool
    truncated: bool = False


@dataclass(frozen=True)
class Rewards:
    """A rollout's reward and its parts, each 0 to 1 before weighting.

    ``iou`` and ``region`` are None, and left out of ``total``, where the question has no box.
    """

    format: float
    answer: float
    iou: float | None
    region: float | None
    total: float


def is_wellformed(turns: Sequence[str]) -> bool:
    """Whether every turn is a thought and one box, and the last one a thought and one answer.

    To the letter of the protocol: ``<think>…</think>`` once, not empty, then in each turn but the last
    ``[{"bbox_2d": [x1, y1, x2, y2], "label": "…"}]`` with x1 < x2 and y1 < y2, in the last
    ``<answer>…</answer>``, not empty; nothing else but space around them. The last may name the place that
    its answer was read from: such a box before the answer.

    Args:
        turns: Without the tokenizer's control tokens.
    """
    rests = [_after_thought(turn) for turn in turns]
    return bool(rests) and all(map(_is_box, rests[:-1])) and _is_answer(rests[-1])


def is_turn_wellformed(text: str) -> bool:
    """Whether a turn is one that :func:`is_wellformed` takes, be it in the middle or at the end."""
    rest = _after_thought(text)
    return _is_box(rest) or _is_answer(rest)


def format_reward(outcome: Outcome) -> float:
    """1 for a rollout that kept to the protocol to its end and answered, else 0.

    Length, truth and the number of zooms play no part.
    """
    return float(outcome.is_wellformed and not outcome.truncated and outcome.answer is not None)


def answer_reward(answer: str | None, truth: str, matches: Matches) -> float:
    """1 for a right answer, 0 for a wrong one or none."""
    return float(answer is not None and matches(answer, truth))


def iou_reward(box: PixelBox | None, target: PixelBox, minimum_crop_px: float, extent: PixelBox) -> float:
    """IoU of two boxes once both are clipped to the image and grown as a zoom grows them; 0 to 1.

    Args:
        box: Native pixels; 0 where it is None or lies wholly outside.
        target: Native pixels; overlaps ``extent``.
        minimum_crop_px: Least side after growing about the centre, inside ``extent``.
        extent: The whole image, native pixels.
    """
    if box is None:
        return 0.0
    seen, wanted = _clipped(box, extent), _clipped(target, extent)
    if seen is None or wanted is None:
        return 0.0
    return seen.grown_to(minimum_crop_px, extent).iou(wanted.grown_to(minimum_crop_px, extent))


def region_guided_reward(box: PixelBox | None, target: PixelBox, alpha: float, shape: RegionShape) -> float:
    """How near the centre of the box came, 0 to 1; it pays where the boxes share nothing yet.

    With d, the distance of the centres in native pixels, and x = alpha / (d + 1e-6):

    - ``tanh``: tanh(x), as in the published code (alpha 200).
    - ``sigmoid``: 2 / (1 + exp(-x)) - 1, the logistic function stretched from 0.5 … 1 to 0 … 1, so that a
      box infinitely far away earns nothing; the paper says sigmoid, this argument and stretch are ours.
      It equals tanh(x / 2): what the tanh form pays at d, this one pays at d / 2.

    Args:
        box: Native pixels, not grown; 0 where it is None.
        target: Native pixels.
        alpha: Pixels, above 0; larger pays more at the same distance.
        shape: ``tanh`` or ``sigmoid``.
    """
    if box is None:
        return 0.0
    closeness = alpha / (math.dist(box.center, target.center) + _EPSILON_PX)
    return math.tanh(closeness if shape == "tanh" else closeness / 2)


def total_reward(
    outcome: Outcome,
    truth_question: LabelledQuestion,
    extent: PixelBox,
    settings: RewardSettings,
    matches: Matches,
) -> Rewards:
    """The weighted sum and its parts; parts of weight 0 are computed and reported all the same.

    Args:
        extent: The whole image, native pixels.
        matches: The scoring that ``settings.answer_match`` names.
    """
    layout = format_reward(outcome)
    answer = answer_reward(outcome.answer, truth_question.answer, matches)
    total = settings.format_weight * layout + settings.answer_weight * answer
    target = truth_question.box
    if target is None:
        return Rewards(layout, answer, None, None, total)
    iou = iou_reward(outcome.box, target, settings.minimum_crop_px, extent)
    region = region_guided_reward(outcome.box, target, settings.alpha, settings.shape)
    total += settings.iou_weight * iou + settings.region_weight * region
    return Rewards(layout, answer, iou, region, total)


def _after_thought(turn: str) -> str:
    """What follows a turn's one thought; empty where it has no thought or several."""
    text = turn.strip()
    thought, _, rest = text.removeprefix("<think>").partition("</think>")
    has_one = text.startswith("<think>") and text.count("<think>") == text.count("</think>") == 1
    return rest.strip() if has_one and thought.strip() else ""


def _is_answer(text: str) -> bool:
    place, _, answer = text.partition("<answer>")
    words = answer.removesuffix("</answer>")
    has_one = text.count("<answer>") == text.count("</answer>") == 1
    is_answer = has_one and answer == f"{words}</answer>" and bool(words.strip())
    return is_answer and (not place.strip() or _is_box(place))


def _is_box(text: str) -> bool:
    try:
        regions = json.loads(text)
    except (ValueError, RecursionError):  # brackets within brackets without end
        return False
    if not isinstance(regions, list) or len(regions) != 1 or not isinstance(regions[0], dict):
        return False
    sides = regions[0].get("bbox_2d")
    if not isinstance(sides, list) or len(sides) != 4 or not isinstance(regions[0].get("label", ""), str):
        return False
    if not all(type(side) in (int, float) and abs(side) < _FARTHEST_PX for side in sides):
        return False
    return bool(sides[0] < sides[2] and sides[1] < sides[3])


def _clipped(box: PixelBox, extent: PixelBox) -> PixelBox | None:
    """What of a box lies in the image, a line or point included; None where nothing does."""
    left, right = max(box.left, extent.left), min(box.right, extent.right)
    top, bottom = max(box.top, extent.top), min(box.bottom, extent.bottom)
    return PixelBox(left, top, right, bottom) if left <= right and top <= bottom else None
