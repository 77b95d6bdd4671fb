"""Profiles of models, and the engines that run them: one file an engine."""
