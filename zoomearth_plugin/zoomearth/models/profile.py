"""A model's profile: where its weights are, what they may be used for, and how it wants to be asked.

One TOML file a model, ``resources/models/NAME.toml``; a folder of weights may carry its own as
``profile.toml``. A new model of a known architecture is a new profile and no code.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from ..core.errors import ModelIncompatibleError, ModelMissingError
from ..resources import resource_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ARCHITECTURE = "qwen2_5_vl"
GENERIC_PROFILE = "qwen2.5-vl-7b-instruct"
"""Asks in words that any instructed Qwen2.5-VL follows: used for folders and hub ids without a profile."""

LARGEST_MAGNIFICATION = 16


class BoxFrame(str, Enum):
    """What the numbers of a model's boxes count."""

    VIEW_PIXELS = "view_pixels"  # pixels of the picture that it was handed
    PROCESSED_PIXELS = "processed_pixels"  # the same after the processor snapped it to whole patches
    PER_MILLE = "per_mille"  # thousandths of the picture's width and height


class Handover(str, Enum):
    """Where the picture of a zoomed window goes."""

    ASSISTANT_TURN = "assistant_turn"  # into the model's own turn, after what it wrote
    USER_TURN = "user_turn"  # into a new turn of the user, with a text


@dataclass(frozen=True)
class PromptTexts:
    """The texts of a dialogue; ``{question}`` stands for the question.

    Args:
        zoom: First text when the model may zoom.
        answer: First text when it may not.
        next_turn: With a zoomed picture that may be zoomed again; unused inside the assistant's turn.
        last_turn: With a zoomed picture that must be answered from; unused inside the assistant's turn.
        system: Text of a system turn; empty for none.
    """

    zoom: str
    answer: str
    next_turn: str = ""
    last_turn: str = ""
    system: str = ""


@dataclass(frozen=True)
class Profile:
    """One model.

    Args:
        name: The file's name without its ending.
        title: For people.
        source: A folder (in a file: relative to the folder of the file) or a hub id ``owner/name``.
        revision: Commit of the hub repository; empty for a folder, or for whatever copy lies at hand.
        licence: SPDX expression, or a name where the licence has none.
        allows_commercial_use: As the licence says.
        licence_url: Where its text is.
        download_bytes: Size of the weights; 0 when unknown.
        memory_bytes: Needed to run, weights in 16 bits where the device can, one dialogue included.
        architecture: ``model_type`` of its configuration.
        view_side_px: Longer side of the pictures that it is shown.
        largest_view_px: Beyond this side its boxes lose their meaning; 0 for no limit.
        minimum_crop_px: Least side of a zoomed window, raster pixels.
        magnification: Small windows are enlarged for it, up to so many view pixels across a raster pixel.
        box_frame: What its boxes count.
        handover: Where a zoomed picture goes.
        max_new_tokens: Most tokens that it may write in one turn.
        prompt: The texts.
        yes_tokens: Tokens that mean yes to a verifying question.
        no_tokens: Tokens that mean no.
    """

    name: str
    title: str
    source: str
    revision: str
    licence: str
    allows_commercial_use: bool
    licence_url: str
    download_bytes: int
    memory_bytes: int
    architecture: str
    view_side_px: int
    minimum_crop_px: int
    box_frame: BoxFrame
    handover: Handover
    max_new_tokens: int
    prompt: PromptTexts
    yes_tokens: tuple[str, ...] = ()
    no_tokens: tuple[str, ...] = ()
    largest_view_px: int = 0
    magnification: float = 1.0

    def at(self, name: str, source: str) -> Profile:
        """The same way of asking, for other weights of which nothing else is known."""
        return replace(
            self,
            name=name,
            title=name,
            source=source,
            revision="",
            licence="unknown",
            allows_commercial_use=False,
            licence_url="",
            download_bytes=0,
            memory_bytes=0,
        )


def list_profiles() -> tuple[Profile, ...]:
    """Every profile that is shipped, by name."""
    return tuple(_read(path) for path in sorted((resource_folder() / "models").glob("*.toml")))


def load_profile(name_or_path: str | Path) -> Profile:
    """The profile of that name, or of that file.

    Raises:
        ModelMissingError: There is none.
        ModelIncompatibleError: The file is no profile, or one of an unknown architecture.
    """
    text = str(name_or_path)
    path = Path(text) if text.endswith(".toml") else resource_folder() / "models" / f"{text}.toml"
    if not path.is_file() or ("/" in text and not text.endswith(".toml")):
        raise ModelMissingError(f"no model profile {text!r}")
    return _read(path)


def _read(path: Path) -> Profile:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        profile = _from_table(path, table)
    except (OSError, KeyError, TypeError, ValueError) as error:  # TOMLDecodeError is a ValueError
        raise ModelIncompatibleError(
            f"{path} is no model profile: {error!r}", f"Correct the model profile {path.name}."
        ) from error
    if profile.architecture != ARCHITECTURE:
        raise ModelIncompatibleError(f"{path}: unknown architecture {profile.architecture!r}")
    return profile


def _from_table(path: Path, table: dict[str, Any]) -> Profile:
    weights, asking = table["weights"], table["asking"]
    name = path.stem if path.name != "profile.toml" else path.parent.name
    return Profile(
        name=name,
        title=str(table.get("title", name)),
        source=_source(path, weights),
        revision=str(weights.get("revision", "")),
        licence=str(weights["licence"]),
        allows_commercial_use=bool(weights["allows_commercial_use"]),
        licence_url=str(weights.get("licence_url", "")),
        download_bytes=int(weights.get("download_bytes", 0)),
        memory_bytes=int(weights.get("memory_bytes", 0)),
        architecture=str(weights["architecture"]),
        view_side_px=_positive(asking, "view_side_px"),
        minimum_crop_px=_positive(asking, "minimum_crop_px"),
        box_frame=BoxFrame(asking["box_frame"]),
        handover=Handover(asking["handover"]),
        max_new_tokens=_positive(asking, "max_new_tokens"),
        prompt=PromptTexts(**{key: str(text) for key, text in table["prompt"].items()}),
        yes_tokens=tuple(str(token) for token in asking.get("yes_tokens", ())),
        no_tokens=tuple(str(token) for token in asking.get("no_tokens", ())),
        largest_view_px=int(asking.get("largest_view_px", 0)),
        magnification=_magnification(asking),
    )


def _source(path: Path, weights: dict[str, Any]) -> str:
    if "folder" in weights:
        return str((path.parent / str(weights["folder"])).resolve())
    return str(weights["hub"])


def _magnification(table: dict[str, Any]) -> float:
    value = float(table.get("magnification", 1.0))
    if not 1 <= value <= LARGEST_MAGNIFICATION:
        raise ValueError(f"magnification must be 1 to {LARGEST_MAGNIFICATION}, not {value}")
    return value


def _positive(table: dict[str, Any], key: str) -> int:
    value = int(table[key])
    if value < 1:
        raise ValueError(f"{key} must be at least 1, not {value}")
    return value
