"""Every word that training can put into a prompt or an answer."""

from __future__ import annotations

from .labels import COLOURS, KINDS
from .landscape import unanswerable, wording
from .landscape.layout import NINTHS
from .landscape.palette import SEASONS, SURFACES
from .landscape.shapes import BUILDING_SHAPES, ROOFS
from .landscape.themes import THEMES
from .landscape.things import ARRANGEMENTS, FILLS, FUNCTIONS, SIDES, SITE_KINDS
from .scenes.questions import EXISTENCE_FORMS, NOUNS

_REPLIES = "find object site unknown a an yes no zoom if needed answer now there is are some none urban rural"
_MOTION = "at rest moving"
_IMAGERY = (
    "where is the largest biggest smallest northernmost southernmost westernmost easternmost how many"
    " count number of any ships vessels boats buildings houses trees in it here"
)


def vocabulary(side_px: int) -> list[str]:
    """Texts whose words a tokenizer must know; ``side_px`` bounds the coordinates."""
    answers = [*THEMES, *SEASONS, *SURFACES, *BUILDING_SHAPES, *ROOFS, *ARRANGEMENTS, *FILLS, *SIDES]
    functions = [*FUNCTIONS.values(), *(kind.function for kind in SITE_KINDS.values())]
    imagery = [form.format(article="a", noun="", plural="", place="") for form in EXISTENCE_FORMS]
    nouns = [word for forms in NOUNS.values() for pair in forms for word in pair]
    texts = [*wording.vocabulary(), *unanswerable.vocabulary(), *imagery, *nouns, *answers, *functions]
    return [*texts, *KINDS, *COLOURS, *NINTHS, _REPLIES, _MOTION, _IMAGERY]
