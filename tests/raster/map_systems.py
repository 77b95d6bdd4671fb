"""Systems of coordinates that no code names, and places in them."""

from __future__ import annotations

GEOS = "+proj=geos +h=35785831 +lon_0=-75 +sweep=x +datum=WGS84"
SINUSOIDAL = "+proj=sinu +R=6371007.181 +units=m +no_defs"
MOON = "+proj=longlat +R=1737400 +no_defs"
MARS = "+proj=longlat +a=3396190 +b=3376200 +no_defs"


def ring_of(left: float, bottom: float, right: float, top: float) -> tuple[tuple[float, float], ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))
