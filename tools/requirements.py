"""Copies pyproject.toml's pins to where they are needed, so that they are written once.

python tools/requirements.py engine        writes resources/engine-requirements.txt
python tools/requirements.py qgis-tests    prints an extra's requirements, one a line
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import List

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
ENGINE_FILE = ROOT / "resources" / "engine-requirements.txt"
_HEADER = "# What the engine needs; from pyproject.toml by `make requirements`.\n"


def project_table() -> dict:
    """The ``[project]`` table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def engine_text() -> str:
    """The content that :data:`ENGINE_FILE` must have."""
    return _HEADER + "".join(f"{line}\n" for line in project_table()["dependencies"])


def main(arguments: List[str]) -> int:
    """Run with the name of what is wanted: ``engine``, or an extra."""
    extras = project_table()["optional-dependencies"]
    if arguments == ["engine"]:
        ENGINE_FILE.write_text(engine_text(), encoding="utf-8")
    elif len(arguments) == 1 and arguments[0] in extras:
        print("\n".join(extras[arguments[0]]))
    else:
        print(f"usage: requirements.py engine | {' | '.join(extras)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
