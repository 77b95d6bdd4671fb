"""``run.json`` beside checkpoints: what tells one run from another, and which may go on from them."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..core.errors import TrainingConfigError
from .checkpoints import current_commit, naming_disk_trouble

_RUN_FILE = "run.json"
_LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate")


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Args:
        config: A frozen dataclass.
        may_change: Entries of it that a run which goes on may have otherwise than it began.
        base_revision: Of the weights that it started from.
        profile: Name of how the model is asked.
        data_sha256: Of the data's rows.
        more: Anything else worth keeping.
    """

    config: Any
    may_change: frozenset[str]
    base_revision: str
    profile: str
    data_sha256: str
    more: Mapping[str, Any]


def write_run(output: Path, run: RunRecord) -> None:
    """Write ``run.json`` into a run's folder, which is made.

    Raises:
        DiskFullError: No room.
        OutputUnwritableError: No permission.
    """
    entries = {
        "config": dataclasses.asdict(run.config),
        "commit": current_commit(),
        "base_revision": run.base_revision,
        "profile": run.profile,
        "data_sha256": run.data_sha256,
        **run.more,
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
        "versions": {name: version(name) for name in _LIBRARIES},
    }
    with naming_disk_trouble(output.parent):
        output.mkdir(parents=True, exist_ok=True)
        fresh = output / f"{_RUN_FILE}.new"
        fresh.write_text(json.dumps(entries, indent=1), encoding="utf-8")
        fresh.rename(output / _RUN_FILE)


def check_same_run(output: Path, run: RunRecord) -> None:
    """Whether checkpoints in a folder are this run's.

    Raises:
        TrainingConfigError: They are of another; names what differs.
    """
    path = output / _RUN_FILE
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        changed = changed_entries(run.config, saved["config"], run.may_change)
        changed += ["the base's weights"] if saved["base_revision"] != run.base_revision else []
        changed += ["the data's rows"] if saved["data_sha256"] != run.data_sha256 else []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingConfigError(f"{path}, beside checkpoints, cannot be read: {error}") from error
    if changed:
        raise TrainingConfigError(
            f"{output} holds checkpoints of another run: {', '.join(changed)} differ",
            "Choose another output folder, or remove the old checkpoints.",
        )


def changed_entries(config: Any, saved: Mapping[str, Any], may_change: frozenset[str]) -> list[str]:
    """Names of entries in which a run differs from what it was when its checkpoints were made.

    Args:
        config: Of now, a dataclass.
        saved: Of then, as read from ``run.json``.
        may_change: Entries that do not count.
    """
    now = json.loads(json.dumps(dataclasses.asdict(config)))
    names = sorted({*now, *saved} - may_change)
    return [name for name in names if now.get(name) != saved.get(name)]
