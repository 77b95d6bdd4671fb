"""Where a data set's images are, and how large: from their headers, no pixel is read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...core.errors import DataInvalidError, RasterUnreadableError
from ...core.frames import PixelBox
from ...raster.grid import RasterGrid, grid_of
from ...raster.opening import gdal, open_dataset
from .faults import Row

_USUAL_NAMES = ("", "images", "image", "imgs", "JPEGImages")


class Images:
    """Finds images by name; opens each once.

    Args:
        folders: Where to look, in this order.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(dict.fromkeys(folders))
        self._grids: dict[Path, RasterGrid | str] = {}

    def find(self, name: str) -> Path | None:
        """The file of this name: a path under one of the folders, or its last part alone; None without."""
        for wanted in dict.fromkeys((name, Path(name.replace("\\", "/")).name)):
            for folder in self._folders:
                path = folder / wanted
                if wanted and path.is_file():
                    return path
        return None

    def grid(self, path: Path) -> RasterGrid:
        """Size and georeferencing of an image.

        Raises:
            ValueError: It cannot be opened; says why.
        """
        if path not in self._grids:
            try:
                with gdal(), open_dataset(str(path)) as dataset:
                    self._grids[path] = grid_of(dataset)[0]
            except RasterUnreadableError as error:
                self._grids[path] = f"{path} cannot be read: {error.message}"
        found = self._grids[path]
        if isinstance(found, str):
            raise ValueError(found)
        return found

    def extent(self, path: Path) -> PixelBox:
        """The whole image, native pixels.

        Raises:
            ValueError: It cannot be opened; says why.
        """
        return self.grid(path).extent

    def take(self, row: Row, *fields: str) -> Path | None:
        """The image that a row names, readable; None, with a fault noted, without one."""
        name = row.text(*fields)
        if not name:
            return None
        field = next(one for one in fields if row.values.get(one) is not None)
        path = self.find(name)
        if path is None:
            places = ", ".join(str(folder) for folder in self._folders)
            row.fault(field, f"there is no image {name} in {places}")
            return None
        try:
            self.grid(path)
        except ValueError as error:
            row.fault(field, str(error))
            return None
        return path


def image_folders(source: Path, images: Path | None) -> list[Path]:
    """Where the images of a data set may lie.

    Args:
        source: Its file or folder.
        images: The folder that a person named; None to look beside the source, there and one folder up,
            in folders of the usual names.

    Raises:
        DataInvalidError: The named folder is none.
    """
    if images is not None:
        if not images.is_dir():
            raise DataInvalidError(f"{images} is no folder", "Name the folder that holds the images.")
        return [images]
    home = source if source.is_dir() else source.parent
    places = [base / name for base in (home, home.parent) for name in _USUAL_NAMES]
    return [place for place in places if place.is_dir()]
