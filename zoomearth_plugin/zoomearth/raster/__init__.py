"""Rasters: opened, georeferenced, and shown as pictures of a bounded size."""
