"""Files on a server: little of them is fetched, and what goes wrong on the way is said, and in time.

Every test has an address of its own, as GDAL keeps in mind what it fetched.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from quadrants import deviation, quadrants
from range_server import Fault, RangeServer
from raster_files import open_file, overview, write
from zoomearth.core.errors import Cancelled, RasterUnreadableError
from zoomearth.core.frames import PixelBox
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.raster.opening import gdal, without_secrets

SIDE_PX = 2048
BUCKET = "bucket"
WINDOW = PixelBox(924, 924, 1124, 1124)
"""Around the middle: all four quarters, four blocks."""
BEHIND_THE_OVERVIEWS = 6 << 20
"""A byte that the overviews, which a COG has first, end before."""
STALL_S = 1
FAULT_HINTS = {
    404: "The server has no such file; check the address.",
    410: "The server has no such file; check the address.",
    401: "The server does not let you read the file; check the address and your credentials.",
    403: "The server does not let you read the file; check the address and your credentials.",
}
SILENT_HINT = "The server does not answer as it should; check the address and the network, then try again."
BROKEN_OFF_HINT = "The server did not send a part of the file; check the network, then ask again."
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RangeServer]:
    """Serves a folder with one bucket, which holds a COG of 17 MB."""
    folder = tmp_path_factory.mktemp("server")
    (folder / BUCKET).mkdir()
    plain = write(folder / "plain.tif", quadrants(SIDE_PX))
    rasterio.shutil.copy(
        plain, folder / BUCKET / "big.tif", driver="COG", compress="none", blocksize=256,
        overview_resampling="average",
    )  # fmt: skip
    with RangeServer(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def network(server: RangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short time-outs, the loopback without a proxy, and S3 on the loopback."""
    told = {
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "GDAL_HTTP_LOW_SPEED_TIME": str(STALL_S),
        "GDAL_HTTP_RETRY_DELAY": "0.1",
        "AWS_S3_ENDPOINT": server.host,
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
        "AWS_NO_SIGN_REQUEST": "YES",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    server.log()  # what others asked for is no business of this test


@pytest.fixture
def key(server: RangeServer) -> str:
    """The path of a COG on the server that no other test has asked for."""
    name = f"{BUCKET}/{next(_numbers)}.tif"
    os.link(server.folder / BUCKET / "big.tif", server.folder / name)
    return name


@pytest.fixture(params=["/vsicurl/", "/vsis3/"])
def uri(server: RangeServer, key: str, request: pytest.FixtureRequest) -> str:
    """Of the same COG, over each way."""
    return curl(server, key) if request.param == "/vsicurl/" else f"/vsis3/{key}"


def curl(server: RangeServer, key: str) -> str:
    return f"/vsicurl/http://{server.host}/{key}"


def test_an_overview_and_a_window_take_a_small_share_of_the_file(
    server: RangeServer, key: str, uri: str
) -> None:
    with open_file(uri) as raster:
        assert (raster.grid.width, raster.grid.height, raster.grid.crs_text) == (2048, 2048, "EPSG:32633")
        assert raster.grid.to_map([(0, 0), (2048, 2048)]) == [(500_000, 5_300_000), (501_024, 5_298_976)]
        whole = overview(raster, 256)
        window = raster.read(WINDOW, 200)
    assert deviation(whole.pixels) == 0 and deviation(window.pixels) == 0
    log = server.log()
    # The overview's one block and the window's four are 5 x 196,608 bytes.
    assert 5 * 196_608 < log.body_bytes < 0.08 * (server.folder / key).stat().st_size
    assert len(log.methods(key)) <= 8


@pytest.mark.parametrize("scheme", ["http", "s3"])
def test_a_plain_address(server: RangeServer, key: str, scheme: str) -> None:
    address = f"http://{server.host}/{key}" if scheme == "http" else f"s3://{key}"
    server.misbehave(key, Fault(status=500, times=1))
    with open_file(address) as raster:
        assert deviation(overview(raster, 256).pixels) == 0


def test_a_file_in_an_archive_on_the_server(server: RangeServer, tmp_path: Path) -> None:
    path = write(tmp_path / "file.tif", quadrants(256))
    with zipfile.ZipFile(server.folder / "packed.zip", "w") as archive:
        archive.write(path, "in a folder/file.tif")
    with open_file(f"/vsizip//vsicurl/http://{server.host}/packed.zip/in a folder/file.tif") as raster:
        assert deviation(overview(raster, 128).pixels) == 0


def test_a_mask_beside_the_file_is_followed(server: RangeServer, tmp_path: Path) -> None:
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK="NO"):
        path = write(tmp_path / "masked.tif", quadrants(256))
        with rasterio.open(path, "r+") as file:
            file.write_mask(np.repeat(np.array([[0], [255]], np.uint8), 128, axis=0).repeat(256, axis=1))
    for name in ("masked.tif", "masked.tif.msk"):
        os.link(tmp_path / name, server.folder / name)
    with open_file(curl(server, "masked.tif")) as raster:
        assert overview(raster, 64).valid_share == 0.5


@pytest.mark.parametrize("status", [404, 410, 401, 403])
def test_a_refusal(server: RangeServer, key: str, uri: str, status: int) -> None:
    server.misbehave(key, Fault(status=status))
    with pytest.raises(RasterUnreadableError, match=rf"{key} cannot be opened: .*{status}") as caught:
        open_file(uri)
    assert caught.value.hint == FAULT_HINTS[status]


@pytest.mark.parametrize("address", ["127.0.0.1:1", "no-such-host.invalid"])
def test_a_server_that_is_not_there(address: str) -> None:
    uri = f"/vsicurl/http://{address}/file.tif"
    with pytest.raises(RasterUnreadableError, match=f"{uri} cannot be opened: CURL error") as caught:
        open_file(uri)
    assert caught.value.hint == SILENT_HINT


def test_what_is_no_raster(server: RangeServer) -> None:
    (server.folder / "letter.tif").write_text("a letter, not a raster" * 100)
    with pytest.raises(RasterUnreadableError, match=r"letter\.tif") as caught:
        open_file(curl(server, "letter.tif"))
    assert caught.value.hint == RasterUnreadableError.default_hint


def test_a_busy_server_is_asked_again(server: RangeServer, key: str, uri: str) -> None:
    server.misbehave(key, Fault(status=500, times=2))
    with open_file(uri) as raster:
        assert deviation(overview(raster, 256).pixels) == 0


def test_a_server_that_stays_busy(server: RangeServer, key: str, uri: str) -> None:
    server.misbehave(key, Fault(status=503))
    with pytest.raises(RasterUnreadableError, match="503") as caught:
        open_file(uri)
    assert caught.value.hint == SILENT_HINT


def test_a_server_that_stalls(server: RangeServer, key: str, uri: str) -> None:
    server.misbehave(key, Fault(is_stalled=True))
    started = time.monotonic()
    with pytest.raises(RasterUnreadableError, match="cannot be opened") as caught:
        open_file(uri)
    assert caught.value.hint == SILENT_HINT
    assert time.monotonic() - started < 6 * STALL_S


@pytest.mark.parametrize(
    "fault",
    [Fault(is_cut=True), Fault(status=404), Fault(status=403), Fault(status=500), Fault(is_stalled=True)],
    ids=["cut", "404", "403", "500", "stalled"],
)
def test_a_window_that_does_not_come_is_no_black_picture(
    server: RangeServer, key: str, uri: str, fault: Fault
) -> None:
    """Uncompressed blocks, as those hold no checksum that would give the failure away."""
    server.misbehave(key, replace(fault, from_byte=BEHIND_THE_OVERVIEWS))
    with open_file(uri) as raster:
        assert deviation(overview(raster, 256).pixels) == 0
        started = time.monotonic()
        with pytest.raises(RasterUnreadableError, match=rf"{key} cannot be read") as caught:
            raster.read(WINDOW, 200)
    assert caught.value.hint == BROKEN_OFF_HINT
    assert time.monotonic() - started < 10 * STALL_S


def test_nor_is_one_of_a_mosaic(server: RangeServer, key: str, tmp_path: Path) -> None:
    """A VRT here, of a file there: GDAL reads it in several threads."""
    vrt = tmp_path / "mosaic.vrt"
    with gdal():
        rasterio.shutil.copy(curl(server, key), vrt, driver="VRT")
    server.misbehave(key, Fault(is_cut=True, from_byte=BEHIND_THE_OVERVIEWS))
    with open_file(vrt) as raster, pytest.raises(RasterUnreadableError):
        raster.read(WINDOW, 200)


@pytest.mark.parametrize(
    "fault",
    [Fault(is_cut=True, times=1), Fault(status=500, times=2)],
    ids=["cut", "500"],
)
def test_a_block_that_fails_once_is_asked_for_again(
    server: RangeServer, key: str, uri: str, fault: Fault
) -> None:
    server.misbehave(key, replace(fault, from_byte=BEHIND_THE_OVERVIEWS))
    with open_file(uri) as raster:
        assert deviation(raster.read(WINDOW, 200).pixels) == 0


@pytest.mark.parametrize(
    "fault",
    [Fault(status=404), Fault(status=503), Fault(is_stalled=True), Fault(is_cut=True)],
    ids=["404", "503", "stalled", "cut"],
)
def test_a_failure_is_not_remembered(server: RangeServer, key: str, uri: str, fault: Fault) -> None:
    """Whoever asks again, once the server is well, is answered: in the same process."""
    server.misbehave(key, fault)
    with pytest.raises(RasterUnreadableError), open_file(uri) as raster:
        overview(raster, 256)
    server.misbehave(key, Fault(times=0))
    with open_file(uri) as raster:
        assert deviation(overview(raster, 256).pixels) == 0
        assert deviation(raster.read(WINDOW, 200).pixels) == 0


def test_a_pass_that_stalls_is_cancelled_at_once(
    server: RangeServer, key: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GDAL_HTTP_LOW_SPEED_TIME", "3")
    server.misbehave(key, Fault(is_stalled=True, times=1, from_byte=BEHIND_THE_OVERVIEWS))
    token = CancelToken()
    cancelled_at: list[float] = []

    def cancel() -> None:
        while not server.log().methods(key):
            time.sleep(0.05)
        time.sleep(0.2)
        cancelled_at.append(time.monotonic())
        token.cancel()

    with open_file(uri) as raster:
        overview(raster, 256)  # and with it the file's range of values
        server.log()
        person = threading.Thread(target=cancel)
        person.start()
        with pytest.raises(Cancelled):
            raster.overview(raster.resolve(None), SIDE_PX, report=ignore_progress, cancel=token)
        waited_s = time.monotonic() - cancelled_at[0]
        person.join()
    assert waited_s < 0.5


class TestPatience:
    """GDAL alone would wait for ever; what the person set counts."""

    def test_there_is_an_end_to_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("GDAL_HTTP_LOW_SPEED_TIME", "GDAL_HTTP_RETRY_DELAY"):
            monkeypatch.delenv(name)
        with gdal():
            told = rasterio.env.getenv()
        assert 0 < int(told["GDAL_HTTP_CONNECTTIMEOUT"]) <= 15
        assert 0 < int(told["GDAL_HTTP_LOW_SPEED_TIME"]) <= 20
        assert int(told["GDAL_HTTP_LOW_SPEED_LIMIT"]) > 0

    def test_the_persons_own_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GDAL_HTTP_CONNECTTIMEOUT", "77")
        with gdal(), gdal():
            assert rasterio.env.get_gdal_config("GDAL_HTTP_CONNECTTIMEOUT") == 77
            assert rasterio.env.get_gdal_config("GDAL_HTTP_LOW_SPEED_TIME") == STALL_S


def test_messages_tell_no_secret() -> None:
    said = without_secrets("/vsicurl/https://me:pass@example.org/a.tif?sig=abc&b=2 is gone: HTTP 404?")
    assert said == "/vsicurl/https://…@example.org/a.tif?… is gone: HTTP 404?"
