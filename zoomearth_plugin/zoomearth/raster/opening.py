"""How files are opened: GDAL's settings, and its failures as the product's own."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError, RPCError

from ..core.errors import RasterUnreadableError

GDAL_ERRORS = (RasterioError, CRSError, RPCError, CPLE_BaseError)
"""What rasterio raises: its own errors, and GDAL's that it passes on, which share no public root."""
_DAMAGED_HINT = "A part of the file is damaged or missing; copy or download it again."
_BLOCK_CACHE_BYTES = 32 << 20
"""Two pieces of a pass fit; GDAL's own default, a share of the memory, may be gigabytes."""
_PROCESS = os.getpid()


@contextmanager
def gdal(reading: str | None = None) -> Iterator[None]:
    """GDAL as all work with files here needs it, in this thread.

    Args:
        reading: Name of the open file whose pixels are read; None while one is opened.

    Raises:
        RasterUnreadableError: GDAL could not open or read within.
    """
    options = {
        "GDAL_CACHEMAX": _BLOCK_CACHE_BYTES,
        # GDAL's threads do not live on in a forked process, which would wait for them for ever.
        "GDAL_NUM_THREADS": "ALL_CPUS" if os.getpid() == _PROCESS else "1",
        "GDAL_ERROR_ON_LIBJPEG_WARNING": "YES",  # a JPEG that ends too early is no grey picture
    }
    try:
        with rasterio.Env(**options):
            yield
    except GDAL_ERRORS as error:
        cause = str(error.__cause__ or error)
        if reading is None:
            raise RasterUnreadableError(cause) from error
        raise RasterUnreadableError(f"{reading} is cut short or damaged: {cause}", _DAMAGED_HINT) from error


def open_dataset(uri: str, level: int | None = None) -> Any:
    """An open rasterio dataset; within :func:`gdal`.

    Args:
        uri: Anything GDAL opens.
        level: Index of an overview; None for the file's own resolution.
    """
    options = {} if level is None else {"overview_level": level}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # said once, as an answer's warning
        return rasterio.open(uri, **options)
