"""What a model is told: the profile's texts with the question put in."""

from __future__ import annotations

from ..models.profile import Profile


def first_text(profile: Profile, question: str, may_zoom: bool) -> str:
    """The text beside the overview.

    Args:
        profile: Whose wording.
        question: As the person typed it, on one line; braces in it mean nothing.
        may_zoom: Whether the model may ask for a closer look.
    """
    return _filled(profile.prompt.zoom if may_zoom else profile.prompt.answer, question)


def next_text(profile: Profile, question: str, may_zoom: bool) -> str:
    """The text beside a zoomed picture; empty for profiles that hand it over without one."""
    return _filled(profile.prompt.next_turn if may_zoom else profile.prompt.last_turn, question)


def _filled(template: str, question: str) -> str:
    return template.replace("{question}", question).strip()
