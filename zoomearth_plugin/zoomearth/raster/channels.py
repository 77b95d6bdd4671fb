"""Which bands a picture shows, and which of their pixels hold data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

from ..core.errors import RasterTypeUnsupportedError, RasterUnreadableError
from ..core.look import Look, Span
from .colour_map import ColourMap, map_of_palette
from .opening import gdal, without_secrets


@dataclass(frozen=True, eq=False)
class Channels:
    """The bands that are shown as grey, or as red, green and blue.

    Args:
        bands: One or three numbers, from 1.
        dtype: Of the values that :meth:`read` gives.
        palette: Colours of the one band's values; None where values are shown as they are.
        nodata: By band; None where it has none.
        has_mask: Whether a mask or alpha band says, for all bands, which pixels hold data.
        is_byte: Whether values fill 0 to 255 by their nature.
        limit: Of one band, lowest and highest value that is shown; None for no limit.
        mask_band: Whose mask counts for all; an alpha band has none itself.
    """

    bands: tuple[int, ...]
    dtype: np.dtype[np.generic]
    palette: ColourMap | None
    nodata: tuple[float | None, ...]
    has_mask: bool
    is_byte: bool
    limit: Span | None = None
    mask_band: int = 1

    @property
    def count(self) -> int:
        """How many bands :meth:`read` gives: a palette's index becomes three."""
        return len(self.bands) if self.palette is None else 3

    def read(self, dataset: Any, window: Window) -> tuple[NDArray[np.generic], NDArray[np.bool_] | None]:
        """Pixels at the dataset's own resolution.

        Args:
            dataset: Open; the file or one of its overview levels.
            window: Whole pixels of that dataset, inside it.

        Returns:
            Values (bands, rows, columns); and which hold data, (bands or 1, rows, columns), None where
            all do.

        Raises:
            RasterUnreadableError: A block is damaged or missing.
        """
        unique = sorted(set(self.bands))
        order = [unique.index(band) for band in self.bands]
        masked: NDArray[np.bool_] | None = None
        with gdal(reading=dataset.name):
            values = self._values(dataset, unique, window)
            if self.has_mask:
                masked = dataset.read_masks(indexes=[self.mask_band], window=window) != 0
            elif self._is_wide:
                masked = dataset.read_masks(indexes=unique, window=window)[order] != 0
        if list(self.bands) != unique:
            values = values[order]
        valid = self._valid(values)
        if self.limit is not None:
            is_within = np.greater_equal(values, self.limit[0]) & np.less_equal(values, self.limit[1])
            valid = is_within if valid is None else valid & is_within
        if masked is not None:
            valid = masked if valid is None else valid & masked
        if self.palette is not None:
            colours = self.palette.colours(values[0])
            is_opaque = colours[None, :, :, 3] != 0
            valid = is_opaque if valid is None else valid & is_opaque
            values = np.moveaxis(colours[:, :, :3], 2, 0)
        return values, None if valid is None or valid.all() else valid

    def _values(self, dataset: Any, bands: list[int], window: Window) -> NDArray[np.generic]:
        """(bands, rows, columns) in one type: those of several are read one by one, as rasterio asks for."""
        dtype = self.dtype.name if self.palette is None else None
        values: NDArray[np.generic]
        if len({dataset.dtypes[band - 1] for band in bands}) == 1:
            values = dataset.read(indexes=bands, window=window, out_dtype=dtype)
        else:
            values = np.stack([dataset.read(band, window=window, out_dtype=dtype) for band in bands])
        return values

    @property
    def _is_wide(self) -> bool:
        """Whether values are integers of 64 bits: of their nodata, rasterio gives a rounded number."""
        return self.dtype.kind in "iu" and self.dtype.itemsize == 8

    def _valid(self, values: NDArray[np.generic]) -> NDArray[np.bool_] | None:
        """Which values are neither nodata, nor NaN, nor infinite; None where none could be.

        In bytes, nodata is a brightness like any other: a pixel is empty where all its bands are.
        """
        stored = [None if self._is_wide else _as_stored(nodata, values.dtype) for nodata in self.nodata]
        is_float = values.dtype.kind == "f"
        if not is_float and all(nodata is None for nodata in stored):
            return None
        valid: NDArray[np.bool_] = np.isfinite(values) if is_float else np.ones(values.shape, np.bool_)
        for plane, is_valid, nodata in zip(values, valid, stored, strict=True):
            if nodata is not None:
                is_valid &= plane != nodata
        return np.any(valid, axis=0, keepdims=True) if values.dtype == np.uint8 else valid


def channels_of(dataset: Any, bands: tuple[int, ...], look: Look | None = None) -> Channels:
    """Choose what is shown of an open dataset.

    Args:
        dataset: Open.
        bands: One or three numbers from 1; empty for the file's own colours, else bands 1 to 3.
        look: How they are shown; None for the file's own palette, if it has one.

    Raises:
        RasterUnreadableError: The file has no bands, or not those.
        RasterTypeUnsupportedError: Complex values.
    """
    if dataset.count == 0:
        raise _without_bands(dataset)
    chosen = bands or _own_bands(dataset)
    if len(chosen) not in (1, 3) or not all(1 <= band <= dataset.count for band in chosen):
        raise RasterUnreadableError(
            f"bands {list(chosen)} of {dataset.count} in {without_secrets(dataset.name)}",
            f"Choose one or three bands, numbered from 1 to {dataset.count}.",
        )
    dtypes = {dataset.dtypes[band - 1] for band in chosen}
    if any(dtype.startswith("complex") for dtype in dtypes):
        raise RasterTypeUnsupportedError(f"values of type {', '.join(sorted(dtypes))}")
    dtype = np.result_type(*dtypes)
    mask_band = _mask_band(dataset, chosen)
    flags = dataset.mask_flag_enums[mask_band - 1]
    has_mask = MaskFlags.per_dataset in flags or MaskFlags.alpha in flags
    if MaskFlags.alpha in flags and look is not None and look.ignores_alpha:
        has_mask = False
    palette = _palette(dataset, chosen) if look is None else _table(look, chosen)
    return Channels(
        bands=chosen,
        dtype=np.dtype(np.uint8) if palette is not None else dtype,
        palette=palette,
        nodata=tuple(None if has_mask else dataset.nodatavals[band - 1] for band in chosen),
        has_mask=has_mask,
        is_byte=dtype == np.uint8 and all(_bits(dataset, band) == 8 for band in chosen),
        limit=look.limit if look else None,
        mask_band=mask_band,
    )


def _mask_band(dataset: Any, bands: tuple[int, ...]) -> int:
    """The first of the bands, or else of the file's, that alpha says something about; else the first."""
    flags = dataset.mask_flag_enums
    first = bands[0]
    if MaskFlags.per_dataset in flags[first - 1] or dataset.colorinterp[first - 1] != ColorInterp.alpha:
        return first
    others = (*bands, *range(1, dataset.count + 1))
    return next((band for band in others if MaskFlags.alpha in flags[band - 1]), first)


def _own_bands(dataset: Any) -> tuple[int, ...]:
    """Red, green and blue where the file names them; else the first three, or the first."""
    meaning = list(dataset.colorinterp)
    colours = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(colour in meaning for colour in colours):
        return tuple(meaning.index(colour) + 1 for colour in colours)
    if meaning[0] == ColorInterp.palette:
        return (1,)
    plain = [number for number, what in enumerate(meaning, start=1) if what != ColorInterp.alpha]
    return tuple(plain[:3]) if len(plain) >= 3 else tuple(plain[:1] or (1,))


def _palette(dataset: Any, bands: tuple[int, ...]) -> ColourMap | None:
    if len(bands) != 1 or dataset.colorinterp[bands[0] - 1] != ColorInterp.palette:
        return None
    return map_of_palette(dataset.colormap(bands[0]))


def _table(look: Look, bands: tuple[int, ...]) -> ColourMap | None:
    return ColourMap(look.table) if look.table is not None and len(bands) == 1 else None


def _bits(dataset: Any, band: int) -> int:
    """Bits in a value, where the file stores fewer than its type has."""
    return int(dataset.tags(band, ns="IMAGE_STRUCTURE").get("NBITS", 8))


def _as_stored(nodata: float | None, dtype: np.dtype[np.generic]) -> np.generic | None:
    """Nodata as a value of the band's type; None where no pixel can hold it, or it is not finite."""
    if nodata is None or not math.isfinite(nodata):
        return None
    if dtype.kind in "iu":
        limits = np.iinfo(dtype.name)
        if nodata != int(nodata) or not limits.min <= nodata <= limits.max:
            return None
    return dtype.type(nodata)


def _without_bands(dataset: Any) -> RasterUnreadableError:
    if not dataset.subdatasets:
        return RasterUnreadableError(f"{dataset.name} has no bands")
    names = ", ".join(dataset.subdatasets[:3])
    return RasterUnreadableError(
        f"{dataset.name} has no bands, but {len(dataset.subdatasets)} subdatasets",
        f"The file holds several rasters; choose one of them, such as {names}.",
    )
