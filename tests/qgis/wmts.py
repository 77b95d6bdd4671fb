"""A tile map service (WMTS) on this machine, in Web Mercator."""

from __future__ import annotations

import re
from urllib.parse import quote

from map_services import HALF_WORLD_M, TILE_PX, Service, plain_png, tile_green

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1"
    xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0">
  <ows:ServiceIdentification><ows:Title>test</ows:Title><ows:ServiceType>OGC WMTS</ows:ServiceType>
    <ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion></ows:ServiceIdentification>
  <ows:OperationsMetadata>{operations}</ows:OperationsMetadata>
  <Contents>
    <Layer>
      <ows:Title>scene</ows:Title><ows:Identifier>scene</ows:Identifier>
      <ows:WGS84BoundingBox><ows:LowerCorner>-180 -85</ows:LowerCorner>
        <ows:UpperCorner>180 85</ows:UpperCorner></ows:WGS84BoundingBox>
      <Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style>
      <Format>image/png</Format>
      <TileMatrixSetLink><TileMatrixSet>world</TileMatrixSet></TileMatrixSetLink>
    </Layer>
    <TileMatrixSet><ows:Identifier>world</ows:Identifier>
      <ows:SupportedCRS>urn:ogc:def:crs:EPSG::3857</ows:SupportedCRS>{matrices}</TileMatrixSet>
  </Contents>
</Capabilities>"""
_OPERATION = """<ows:Operation name="{name}"><ows:DCP><ows:HTTP><ows:Get xlink:href="{address}/?">
  <ows:Constraint name="GetEncoding"><ows:AllowedValues><ows:Value>KVP</ows:Value></ows:AllowedValues>
  </ows:Constraint></ows:Get></ows:HTTP></ows:DCP></ows:Operation>"""
_MATRIX = """<TileMatrix><ows:Identifier>{level}</ows:Identifier>
  <ScaleDenominator>{scale}</ScaleDenominator><TopLeftCorner>{left} {top}</TopLeftCorner>
  <TileWidth>{side}</TileWidth><TileHeight>{side}</TileHeight>
  <MatrixWidth>{count}</MatrixWidth><MatrixHeight>{count}</MatrixHeight></TileMatrix>"""
_PIXEL_M = 0.00028
"""Of a screen, as the standard has it."""


class WebMapTiles(Service):
    """Tiles coloured as those of :class:`.map_services.Tiles`.

    Args:
        levels: How many.
    """

    def __init__(self, levels: int) -> None:
        super().__init__(self._answer)
        self._levels = levels

    def uri(self) -> str:
        address = quote(f"{self.address}/?SERVICE=WMTS&REQUEST=GetCapabilities", safe="")
        named = "crs=EPSG:3857&format=image/png&layers=scene&styles=default&tileMatrixSet=world"
        return f"{named}&dpiMode=7&url={address}"

    def levels(self) -> set[str]:
        """Those that tiles were asked of."""
        found = (re.search(r"(?i)tilematrix=(\d+)", path) for path in self.asked)
        return {match.group(1) for match in found if match}

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        asked = dict(re.findall(r"([A-Za-z]+)=([^&]*)", path))
        asked = {name.lower(): value for name, value in asked.items()}
        if asked.get("request") == "GetTile":
            zoom, column = int(asked["tilematrix"]), int(asked["tilecol"])
            return 200, "image/png", plain_png(TILE_PX, TILE_PX, 10 * zoom, tile_green(zoom, column), 0)
        operations = "".join(
            _OPERATION.format(name=name, address=self.address) for name in ("GetCapabilities", "GetTile")
        )
        matrices = "".join(self._matrix(level) for level in range(self._levels))
        document = _DOCUMENT.format(operations=operations, matrices=matrices)
        return 200, "text/xml", document.encode()

    def _matrix(self, level: int) -> str:
        scale = 2 * HALF_WORLD_M / TILE_PX / 2**level / _PIXEL_M
        corner = {"left": -HALF_WORLD_M, "top": HALF_WORLD_M}
        return _MATRIX.format(level=level, scale=scale, side=TILE_PX, count=2**level, **corner)
