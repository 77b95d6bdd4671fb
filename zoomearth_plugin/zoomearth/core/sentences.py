"""What is said of an answer with numbers in it: written by the engine, found again by who translates it."""

from __future__ import annotations

SENTENCES = {
    "partly_empty": "Of the area {share} holds data; nothing is known of the rest.",
    "drawn_by_qgis": "QGIS drew this layer for each look, in its own colours and with its own resampling.",
    "no_finest_resolution": "The service names no finest resolution; {length} map units count as a pixel.",
    "not_delivered": "Of what the service was asked for, {count} requests failed, such as: {reason}.",
    "stretch_layer": "Values from {ranges} are shown as black to white, as the layer has it.",
    "stretch_percentile": "Values from {ranges} are shown as black to white: 2 to 98 % of a sample.",
    "stretch_minmax": "Values from {ranges} are shown as black to white: all of a sample.",
    "overview_mean": "The overview shows the mean of {pixels} pixels in one.",
    "overview_levels": "The overview comes from the file's own overview 1:{factor}, however that was made.",
}
"""By code; ``{…}`` stands for what differs from answer to answer."""


def sentence(code: str, **fields: object) -> str:
    """``code: sentence``, as answers carry it."""
    return f"{code}: {SENTENCES[code].format(**fields)}"
