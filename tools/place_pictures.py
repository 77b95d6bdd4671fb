"""Pictures for docs/rasters.md: rasters in a real QGIS with the regions of their answers drawn over them.

    python tools/place_pictures.py FOLDER

FOLDER holds geomatrix.tif and cog_gcps.tif (rotated; placed by control points alone) and cog_dateline.tif
(across the antimeridian). Writes docs/images/place-NAME.jpg.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from package import BUILD, ROOT
from run import RunError, in_qgis

DRIVER = ROOT / "tests" / "gui" / "draw_places.py"
FOLDER = BUILD / "places"


def main() -> int:
    """Draw them all."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        found = in_qgis(DRIVER, FOLDER, {"ZOOMEARTH_RUN_RASTERS": str(Path(sys.argv[1]).resolve())})
    except RunError as error:
        print(error, file=sys.stderr)
        return 1
    if "error" in found:
        print(found["error"], file=sys.stderr)
        return 1
    for name in found["pictures"]:
        shutil.copy(FOLDER / name, ROOT / "docs" / "images" / name)
        print(f"docs/images/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
