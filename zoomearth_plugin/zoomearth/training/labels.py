"""What picture tokens are taught to name while training: kinds and colours, in a fixed order."""

from __future__ import annotations

from .scenes.palette import PAINTS
from .scenes.things import COMPANIONS, ITEM_KINDS, LANDMARK_KINDS, SITE_KINDS

LAKE = "lake"
KINDS = tuple(dict.fromkeys((*LANDMARK_KINDS, *ITEM_KINDS, *COMPANIONS, *SITE_KINDS, LAKE)))
COLOURS = tuple(PAINTS)
