"""What tells one batch's output from another's: its jobs, and how they are asked."""

from __future__ import annotations

import ast
from pathlib import Path

from ..core.errors import OutputUnwritableError
from ..core.types import Options

_GIVEN = {"max_zooms": "--max-zooms", "view_side_px": "--view-side"}


def of_another(path: Path, kept: str, digest: str) -> OutputUnwritableError:
    """The error for the output of other jobs or of other options, told apart.

    Args:
        path: Of the output.
        kept: Digest of its jobs, a blank, and the options as they are printed.
        digest: The same of this batch.
    """
    (kept_jobs, _, kept_options), (jobs, _, options) = kept.partition(" "), digest.partition(" ")
    if jobs == kept_jobs:
        return OutputUnwritableError(
            f"{path} was begun with other options: {_differences(kept_options, options)}",
            "Use those of the earlier run, or name another file.",
        )
    return OutputUnwritableError(
        f"{path} belongs to another job table: its rows, or where their rasters are, differ from this one's",
        "Use the table of the earlier run, unchanged and in its place, or name another file.",
    )


def _differences(kept: str, now: str) -> str:
    """What differs between two texts of options, as a person gives them."""
    try:
        before, after = (Options.from_json(ast.literal_eval(text)).to_json() for text in (kept, now))
    except (ValueError, SyntaxError, TypeError, AttributeError):
        return f"{kept}, now {now}"
    differing = ((name, was, after[name]) for name, was in before.items() if was != after[name])
    return ", ".join(
        f"{_GIVEN.get(name, name)} was {_told(was)} and is {_told(now)}" for name, was, now in differing
    )


def _told(value: object) -> str:
    return "the model's own" if value is None else str(value)
