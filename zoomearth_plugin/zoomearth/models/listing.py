"""What models there are, told to people and to programs."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..core.errors import ModelIncompatibleError, ModelMissingError, WeightsUnsafeError
from .loading import resolve_profile
from .profile import Profile, list_profiles
from .weights import find_model


def listed() -> list[dict[str, Any]]:
    """Every profile that is shipped: ``name, title, state, licence, …``; see :func:`shown`."""
    return [_described(profile) for profile in list_profiles()]


def shown(model: str) -> dict[str, Any]:
    """One model.

    Args:
        model: As for :func:`zoomearth.models.loading.load_engine`, but for scripts.

    Returns:
        The profile's entries but its prompt, and ``state``: ``installed``, ``missing``, ``incompatible``
        or ``unsafe``.

    Raises:
        ModelMissingError: The text means no model.
    """
    return _described(resolve_profile(model))


def _described(profile: Profile) -> dict[str, Any]:
    entries = dataclasses.asdict(profile)
    del entries["prompt"]
    frame, handover = profile.box_frame.value, profile.handover.value
    return {**entries, "box_frame": frame, "handover": handover, "state": _state(profile)}


def _state(profile: Profile) -> str:
    try:
        find_model(profile.source, profile.revision)
    except ModelMissingError:
        return "missing"
    except ModelIncompatibleError:
        return "incompatible"
    except WeightsUnsafeError:
        return "unsafe"
    return "installed"
