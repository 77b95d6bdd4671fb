"""Every word that training can put into a prompt or an answer."""

from __future__ import annotations

from . import imagery_wording
from .labels import COLOURS, KINDS
from .scenes import unanswerable, wording
from .scenes.layout import NINTHS
from .scenes.palette import SEASONS, SURFACES
from .scenes.shapes import BUILDING_SHAPES, ROOFS
from .scenes.themes import THEMES
from .scenes.things import ARRANGEMENTS, FILLS, FUNCTIONS, SIDES, SITE_KINDS

_REPLIES = "find object site unknown a an yes no zoom if needed answer now there is are some none urban rural"
_MOTION = "at rest moving"


def vocabulary(side_px: int) -> list[str]:
    """Texts whose words a tokenizer must know; ``side_px`` bounds the coordinates."""
    answers = [*THEMES, *SEASONS, *SURFACES, *BUILDING_SHAPES, *ROOFS, *ARRANGEMENTS, *FILLS, *SIDES]
    functions = [*FUNCTIONS.values(), *(kind.function for kind in SITE_KINDS.values())]
    asked = [*wording.vocabulary(), *unanswerable.vocabulary(), *imagery_wording.vocabulary()]
    return [*asked, *answers, *functions, *KINDS, *COLOURS, *NINTHS, _REPLIES, _MOTION]
