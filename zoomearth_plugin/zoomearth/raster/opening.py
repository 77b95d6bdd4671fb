"""How files are opened: GDAL's settings, and its failures as the product's own."""

from __future__ import annotations

import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.env import get_gdal_config
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError, RPCError

from ..core.errors import RasterUnreadableError

GDAL_ERRORS = (RasterioError, CRSError, RPCError, CPLE_BaseError)
"""What rasterio raises: its own errors, and GDAL's that it passes on, which share no public root."""
_DAMAGED_HINT = "A part of the file is damaged or missing; copy or download it again."
_BROKEN_OFF_HINT = "The server did not send a part of the file; check the network, then ask again."
_SILENT_HINT = "The server does not answer as it should; check the address and the network, then try again."
_CLOSED_HINT = "The server does not let you read the file; check the address and your credentials."
_GONE_HINT = "The server has no such file; check the address."
_REFUSALS = {401: _CLOSED_HINT, 403: _CLOSED_HINT, 404: _GONE_HINT, 410: _GONE_HINT}
"""By HTTP status."""
_BLOCK_CACHE_BYTES = 32 << 20
"""Two pieces of a pass fit; GDAL's own default, a share of the memory, may be gigabytes."""
_PROCESS = os.getpid()
_alone = 0
_alone_lock = threading.Lock()
_REMOTE = re.compile(r"/vsi(curl|s3|gs|az|adls|oss|swift)(_streaming)?[/?]|\b(https?|ftp|s3|gs|az|oss)://")
_FAILED_TRANSFER = re.compile(r"HTTP response code: (\d+)|CURL error")
_CREDENTIALS = re.compile(r"://[^/\s@]+@")
_QUERY = re.compile(r"\?[^\s'\"]+=[^\s'\"]+")
_PATIENCE = {
    "GDAL_HTTP_CONNECTTIMEOUT": "10",  # seconds
    # Slower than this for so many seconds is no answer; a limit for the whole would end slow downloads.
    "GDAL_HTTP_LOW_SPEED_LIMIT": "100",  # bytes a second
    "GDAL_HTTP_LOW_SPEED_TIME": "15",
    "GDAL_HTTP_MAX_RETRY": "2",  # of what a busy server refuses for the moment
    "GDAL_HTTP_RETRY_DELAY": "0.5",
}
"""With a server, where the person set nothing else; GDAL alone would wait for ever."""
_FORGETFUL = {
    "CPL_VSIL_CURL_NON_CACHED": "/vsi",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
}


@contextmanager
def gdal(reading: str | None = None) -> Iterator[None]:
    """GDAL as all work with files here needs it, in this thread.

    Args:
        reading: Name of the open file whose pixels are read; None while one is opened.

    Raises:
        RasterUnreadableError: GDAL could not open or read within.
    """
    options: dict[str, Any] = {
        "GDAL_CACHEMAX": _BLOCK_CACHE_BYTES,
        "GDAL_NUM_THREADS": _decoders(),
        "GDAL_ERROR_ON_LIBJPEG_WARNING": "YES",  # a JPEG that ends too early is no grey picture
        # Blocks that are fetched ahead and fail are black, and nobody hears of it.
        "GDAL_HTTP_ENABLE_ADVISE_READ": "NO",
        **{name: value for name, value in _PATIENCE.items() if get_gdal_config(name) is None},
    }
    try:
        with rasterio.Env(**options):
            yield
    except GDAL_ERRORS as error:
        cause = str(error.__cause__ or error)
        _clear_last_error()
        if reading is None:
            raise RasterUnreadableError(cause) from error
        if _is_remote(reading):
            _forget(reading)
            message = without_secrets(f"{reading} cannot be read: {cause}")
            raise RasterUnreadableError(message, _BROKEN_OFF_HINT) from error
        raise RasterUnreadableError(f"{reading} is cut short or damaged: {cause}", _DAMAGED_HINT) from error


@contextmanager
def decoding_alone() -> Iterator[None]:
    """Within: whoever reads a piece or a block does so himself, in all threads; for when many read at once.

    To hand a block to a thread of GDAL's costs more than to decode it, where blocks are small; it pays
    only for one who would wait.
    """
    global _alone
    with _alone_lock:
        _alone += 1
    try:
        yield
    finally:
        with _alone_lock:
            _alone -= 1


def many_read() -> bool:
    """Whether somebody is within :func:`decoding_alone`."""
    return _alone > 0


def _decoders() -> str:
    """GDAL's threads do not live on in a forked process, which would wait for them for ever."""
    return "1" if _alone or os.getpid() != _PROCESS else "ALL_CPUS"


def open_dataset(uri: str, level: int | None = None) -> Any:
    """An open rasterio dataset; within :func:`gdal`.

    Args:
        uri: Anything GDAL opens.
        level: Index of an overview; None for the file's own resolution.

    Raises:
        RasterUnreadableError: A server does not give the file; what cannot be opened for another
            reason is GDAL's error.
    """
    options = {} if level is None else {"overview_level": level}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # said once, as an answer's warning
        if not _is_remote(uri):
            return rasterio.open(uri, **options)
        try:
            # A block that one of several threads asks for is not asked for again when that fails.
            with rasterio.Env(GDAL_NUM_THREADS="1"):
                return rasterio.open(uri, **options)
        except GDAL_ERRORS as error:
            cause = str(error.__cause__ or error)
            _forget(uri)
            failed = _FAILED_TRANSFER.search(cause)
            if failed is None:
                raise
            hint = _REFUSALS.get(int(failed[1] or 0), _SILENT_HINT)
            message = without_secrets(f"{uri} cannot be opened: {cause}")
            raise RasterUnreadableError(message, hint) from error


def without_secrets(text: str) -> str:
    """A text in which addresses tell neither passwords nor what follows their question mark."""
    return _QUERY.sub("?…", _CREDENTIALS.sub("://…@", text))


def _is_remote(name: str) -> bool:
    """Whether a file is read from a server, be it inside an archive or a container there."""
    return _REMOTE.search(name) is not None


def _clear_last_error() -> None:
    """GDAL keeps a thread's last error in mind, and rasterio raises it again where GDAL gives it a number.

    That may be a good file's colour interpretation. What makes a CRS begins without an error.
    """
    CRS.from_epsg(4326)


def _forget(name: str) -> None:
    """Let the next attempt ask the server again: GDAL keeps in mind what failed for as long as it runs."""
    with suppress(*GDAL_ERRORS), rasterio.Env(**_FORGETFUL):
        rasterio.open(name).close()
