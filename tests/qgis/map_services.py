"""Map services on this machine: a tile server that counts and misbehaves, and a real WMS."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from qgis.PyQt.QtCore import QBuffer, QIODevice
from qgis.PyQt.QtGui import QColor, QImage

HALF_WORLD_M = 20037508.342789244
TILE_PX = 256


class Service:
    """A server on a port of its own, for as long as the context lasts.

    Args:
        respond: Gives (status, content type, body) for a path with its query.
    """

    def __init__(self, respond) -> None:
        self.asked = []
        self.delay_s = 0.0
        self.is_stopping = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_args) -> None: ...

            def do_GET(self) -> None:
                service.asked.append(self.path)
                service.is_stopping.wait(service.delay_s)
                status, kind, body = respond(self.path)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:  # who asked has hung up
                    self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Service:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_stopping.set()
        self._server.shutdown()
        self._server.server_close()


def tile_green(zoom: int, column: int) -> int:
    """Of a tile: east of the meridian 0 there is some."""
    return 200 if column >= 2**zoom / 2 else 0


def plain_png(width: int, height: int, red: int, green: int, blue: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(red, green, blue))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data())


class Tiles(Service):
    """Web Mercator tiles; each shows its zoom level as red = 10 · level, and green east of the meridian 0."""

    def __init__(self) -> None:
        self.status_of = lambda zoom, column, row: 200
        super().__init__(self._tile)

    def uri(self, finest: int = 19) -> str:
        return f"type=xyz&url={self.address}/%7Bz%7D/%7Bx%7D/%7By%7D.png&zmin=0&zmax={finest}"

    def zooms(self) -> list[int]:
        return [int(path.split("/")[1]) for path in self.asked]

    def _tile(self, path: str) -> tuple[int, str, bytes]:
        zoom, column, row = (int(number) for number in re.findall(r"\d+", path)[:3])
        status = self.status_of(zoom, column, row)
        if status != 200:
            return status, "text/plain", b"no tile"
        return 200, "image/png", plain_png(TILE_PX, TILE_PX, 10 * zoom, tile_green(zoom, column), 0)


class ArcGisMap(Service):
    """A map service of ArcGIS's REST interface in Web Mercator, of tiles or drawn for each request.

    Tiles are coloured as those of :class:`Tiles`; other pictures are plain blue.

    Args:
        levels: How many levels of tiles it has; 0 for none.
    """

    def __init__(self, levels: int) -> None:
        super().__init__(self._answer)
        self._levels = levels

    def uri(self) -> str:
        return f"crs='EPSG:3857' format='PNG32' layer='0' url='{self.address}/MapServer'"

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        tile = re.search(r"/tile/(\d+)/(\d+)/(\d+)", path)
        if tile:
            zoom, _, column = map(int, tile.groups())
            return 200, "image/png", plain_png(TILE_PX, TILE_PX, 10 * zoom, tile_green(zoom, column), 0)
        if "/export" in path:
            width, height = re.search(r"size=(\d+)(?:,|%2C)(\d+)", path).groups()
            return 200, "image/png", plain_png(int(width), int(height), 0, 0, 200)
        return 200, "application/json", json.dumps(self._description()).encode()

    def _description(self) -> dict:
        reference = {"wkid": 102100, "latestWkid": 3857}
        world = dict(
            zip(("xmin", "ymin", "xmax", "ymax"), (-HALF_WORLD_M, -HALF_WORLD_M, HALF_WORLD_M, HALF_WORLD_M))
        )
        world["spatialReference"] = reference
        described = {
            "currentVersion": 10.81,
            "mapName": "test",
            "name": "test",
            "extent": world,
            "fullExtent": world,
            "spatialReference": reference,
            "singleFusedMapCache": bool(self._levels),
            "supportedImageFormatTypes": "PNG32,PNG24,PNG,JPG",
            "capabilities": "Map",
            "layers": [{"id": 0, "name": "test"}],
        }
        if self._levels:
            steps = [2 * HALF_WORLD_M / TILE_PX / 2**level for level in range(self._levels)]
            described["tileInfo"] = {
                "rows": TILE_PX,
                "cols": TILE_PX,
                "dpi": 96,
                "format": "PNG32",
                "origin": {"x": -HALF_WORLD_M, "y": HALF_WORLD_M},
                "spatialReference": reference,
                "lods": [
                    {"level": level, "resolution": step, "scale": step * 96 / 0.0254}
                    for level, step in enumerate(steps)
                ],
            }
        return described


MAP_FILE = """
MAP
  NAME "test"
  SIZE 256 256
  MAXSIZE 4096
  EXTENT {extent}
  PROJECTION "init=epsg:32633" END
  IMAGETYPE "png24"
  OUTPUTFORMAT NAME "png24" DRIVER "AGG/PNG" MIMETYPE "image/png" IMAGEMODE RGB EXTENSION "png" END
  OUTPUTFORMAT NAME "GTiff" DRIVER "GDAL/GTiff" MIMETYPE "image/tiff" IMAGEMODE BYTE EXTENSION "tif" END
  WEB METADATA
    "ows_title" "test"
    "ows_enable_request" "*"
    "ows_srs" "EPSG:32633 EPSG:4326 EPSG:3857"
    "ows_onlineresource" "{address}/?"
  END END
  LAYER
    NAME "scene"
    TYPE RASTER
    STATUS ON
    DATA "{raster}"
    PROJECTION "init=epsg:32633" END
    METADATA
      "ows_title" "scene"
      "wcs_label" "scene"
      "wcs_rangeset_name" "bands"
      "wcs_rangeset_label" "bands"
      "wcs_formats" "GTiff"
    END
  END
END
"""


def mapserver() -> str | None:
    """The WMS's program; None where it is not installed."""
    return shutil.which("mapserv") or next(
        (str(path) for path in (Path("/usr/lib/cgi-bin/mapserv"),) if path.exists()), None
    )


class WebMapService(Service):
    """MapServer over a raster in UTM 33N.

    Args:
        raster: The file.
        extent: West, south, east, north.
        folder: For the map file.
    """

    def __init__(self, raster: Path, extent: tuple[float, float, float, float], folder: Path) -> None:
        super().__init__(self._answer)
        self._configuration = folder / "mapserver.conf"
        self._configuration.write_text('CONFIG ENV "MS_MAP_PATTERN" "." END END')
        self._map_file = folder / "test.map"
        sides = " ".join(map(str, extent))
        self._map_file.write_text(MAP_FILE.format(raster=raster, extent=sides, address=self.address))

    def uri(self, crs: str = "EPSG:32633") -> str:
        address = quote(f"{self.address}/", safe="")
        return f"crs={crs}&dpiMode=7&format=image/png&layers=scene&styles&url={address}"

    def pictures(self) -> list[str]:
        return [path for path in self.asked if "REQUEST=GetMap" in path]

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        query = path.partition("?")[2]
        environment = {
            **os.environ,
            "MAPSERVER_CONFIG_FILE": str(self._configuration),
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": f"{query}&MAP={self._map_file}",
        }
        program = mapserver()
        done = subprocess.run([program], env=environment, capture_output=True, check=True, timeout=30)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        kind = re.search(rb"(?i)content-type:\s*([^\r\n]+)", head)
        return 200, kind.group(1).decode() if kind else "text/plain", body
