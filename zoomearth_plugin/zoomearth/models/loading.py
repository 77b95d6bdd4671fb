"""From what a person named to a loaded engine."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import ModelMissingError
from ..core.progress import CancelToken, Report
from .engine import Engine
from .profile import GENERIC_PROFILE, Profile, list_profiles, load_profile
from .scripted import PREFIX, load_scripted_engine
from .weights import find_model, is_hub_id


def load_engine(model: str, *, report: Report, cancel: CancelToken) -> Engine:
    """Load a model.

    Args:
        model: A profile's name or file, a folder of weights, a hub id of which a copy is on this
            machine, or ``scripted:FILE.json``.
        report: Told of the loading.
        cancel: Looked at between the steps of loading.

    Raises:
        ModelMissingError: Not on this machine; nothing is downloaded here.
        ModelIncompatibleError: Not a Qwen2.5-VL, or damaged.
        WeightsUnsafeError: Pickled weights, or code of its own.
        OutOfMemoryError: The weights do not fit the device.
        Cancelled: On request.
    """
    cancel.check()
    if model.startswith(PREFIX):
        return load_scripted_engine(model)
    profile = resolve_profile(model)
    folder = find_model(profile.source, profile.revision)
    # Imported only now: torch takes seconds, and a wrong name should be told at once.
    from .transformers_engine import load_transformers_engine

    return load_transformers_engine(folder, profile, report=report, cancel=cancel)


def check_model(model: str) -> None:
    """Find out, without loading it, whether a model is there.

    Raises:
        ModelMissingError, ModelIncompatibleError, WeightsUnsafeError: As :func:`load_engine` would.
    """
    if model.startswith(PREFIX):
        load_scripted_engine(model)
        return
    profile = resolve_profile(model)
    find_model(profile.source, profile.revision)


def resolve_profile(model: str) -> Profile:
    """The profile that a person's text means.

    A folder may bring its own ``profile.toml``; a hub id that a shipped profile names gets that
    profile; any other weights are asked in the generic way.

    Raises:
        ModelMissingError: It means nothing here.
    """
    if model.endswith(".toml"):
        return load_profile(model)
    shipped = {profile.name: profile for profile in list_profiles()}
    if model in shipped:
        return shipped[model]
    folder = Path(model).expanduser()
    if model and folder.is_dir():
        if (folder / "profile.toml").is_file():
            return load_profile(folder / "profile.toml")
        return _known(folder, shipped) or _generic(folder.name, str(folder), shipped)
    if is_hub_id(model):
        for profile in shipped.values():
            if profile.source == model:
                return profile
        return _generic(model, model, shipped)
    known = ", ".join(sorted(shipped))
    raise ModelMissingError(
        f"no model {model!r}", f"Name one of {known}, a folder of weights, or a hub id that was fetched."
    )


def _known(folder: Path, shipped: dict[str, Profile]) -> Profile | None:
    """The profile whose own folder this is."""
    for profile in shipped.values():
        if Path(profile.source).is_absolute() and Path(profile.source) == folder.resolve():
            return profile
    return None


def _generic(name: str, source: str, shipped: dict[str, Profile]) -> Profile:
    return shipped[GENERIC_PROFILE].at(name, source)
