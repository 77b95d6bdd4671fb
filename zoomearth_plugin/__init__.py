"""ZoomEarth for QGIS: ask a question about a raster, get the answer on the map."""


def classFactory(iface):  # noqa: N802 - the name that QGIS calls
    """The plugin, for QGIS; nothing is imported before QGIS asks for it."""
    from .plugin import ZoomEarthPlugin

    return ZoomEarthPlugin(iface)
