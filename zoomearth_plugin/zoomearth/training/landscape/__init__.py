"""Procedural scenes: layout, drawing, questions, files."""
