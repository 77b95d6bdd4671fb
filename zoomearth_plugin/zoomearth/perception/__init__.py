"""Prompts, actions (model text to typed action) and the zoom loop."""
