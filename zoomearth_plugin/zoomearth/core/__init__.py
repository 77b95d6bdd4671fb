"""Types, frames, errors, progress and the wire: standard library only, imported by both Pythons."""
