"""Pictures for the documents, taken in a real QGIS.

    python tools/pictures.py places FOLDER      rasters with the regions of their answers, for docs/rasters.md
    python tools/pictures.py toolbox            the dialog of an algorithm, for docs/batch.md

FOLDER holds geomatrix.tif and cog_gcps.tif (rotated; placed by control points alone) and cog_dateline.tif
(across the antimeridian). Writes docs/images.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from package import BUILD, ROOT
from run import DEMO_SEED, RunError, demo, in_qgis

DRIVERS = {"places": "draw_places.py", "toolbox": "draw_toolbox.py"}


def main(arguments: list[str]) -> int:
    """Take the pictures that are named."""
    kind, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if kind not in DRIVERS or len(rest) != (kind == "places"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = BUILD / kind
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        rasters = Path(rest[0]).resolve() if rest else demo(DEMO_SEED)[0]
        driver = ROOT / "tests" / "gui" / DRIVERS[kind]
        found = in_qgis(driver, folder, {"ZOOMEARTH_RUN_RASTERS": str(rasters)})
    except RunError as error:
        print(error, file=sys.stderr)
        return 1
    if "error" in found:
        print(found["error"], file=sys.stderr)
        return 1
    for name in found["pictures"]:
        shutil.copy(folder / name, ROOT / "docs" / "images" / name)
        print(f"docs/images/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
