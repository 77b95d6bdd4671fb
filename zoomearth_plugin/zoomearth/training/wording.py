"""Every word that training can put into a prompt or an answer."""

from __future__ import annotations

from .scenes.layout import COLOURS, KINDS, NINTHS
from .scenes.questions import wordings

_REPLIES = "find object unknown a an yes no no rock zoom if needed answer now there is are some none"


def vocabulary(side_px: int) -> list[str]:
    """Texts whose words a tokenizer must know; ``side_px`` bounds the coordinates."""
    return [*wordings(), *KINDS, *COLOURS, *NINTHS, _REPLIES]
