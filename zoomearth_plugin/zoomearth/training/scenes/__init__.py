"""Procedural scenes: layout, drawing, questions, files."""

FIRST_UNSEEN_SEED = 2_000_000
"""Scenes from this seed on are for evaluation; no training reaches it."""
