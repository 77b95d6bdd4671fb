"""Procedural scenes, samples, supervised training: everything that makes a model, nothing that runs one."""
