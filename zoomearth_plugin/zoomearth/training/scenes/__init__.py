"""Procedural scenes: layout, drawing, questions, files."""

from __future__ import annotations

from pathlib import Path


def main(out: Path, count: int, seed: int, size_px: int) -> int:
    """Write scenes with their questions into a folder; see :func:`.writing.main`."""
    from .writing import main as write

    return write(out, count, seed, size_px)
