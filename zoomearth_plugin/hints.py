"""What a person can do about a failure, in the person's language.

The engine writes its hints in English, some with a name in the middle. Here stands every one of them as a
pattern, to be found again and said in other words.
"""

from __future__ import annotations

import re
from typing import Dict, Optional

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

_translated = QCoreApplication.translate

HINTS = (
    QT_TRANSLATE_NOOP("Hints", "See the log for details."),
    QT_TRANSLATE_NOOP("Hints", "Check that the file exists, is complete and is a raster that GDAL can open."),
    QT_TRANSLATE_NOOP("Hints", "Every pixel of the area is nodata; choose another area or raster."),
    QT_TRANSLATE_NOOP("Hints", "Convert the raster to integer or real pixel values first."),
    QT_TRANSLATE_NOOP("Hints", "Choose an area that overlaps the raster."),
    QT_TRANSLATE_NOOP(
        "Hints", "This map shows much of the world: choose what the map shows, or draw the area to search."
    ),
    QT_TRANSLATE_NOOP(
        "Hints", "The layer's service did not deliver: check the connection and the service, then ask again."
    ),
    QT_TRANSLATE_NOOP("Hints", "Type a question of one to 2,000 characters."),
    QT_TRANSLATE_NOOP("Hints", "Choose an installed model in the settings, or fetch this one first."),
    QT_TRANSLATE_NOOP("Hints", "Choose a model of the Qwen2.5-VL architecture."),
    QT_TRANSLATE_NOOP(
        "Hints", "Only safetensors weights without remote code are loaded; convert the model first."
    ),
    QT_TRANSLATE_NOOP("Hints", "Lower the view side in the settings, or choose a smaller model."),
    QT_TRANSLATE_NOOP("Hints", "Set up the engine's Python environment in the ZoomEarth settings."),
    QT_TRANSLATE_NOOP("Hints", "Set up the engine's Python environment again in the ZoomEarth settings."),
    QT_TRANSLATE_NOOP("Hints", "Ask again: the engine restarts with the next question."),
    QT_TRANSLATE_NOOP("Hints", "Check the server's address and that it is running."),
    QT_TRANSLATE_NOOP("Hints", "Check the server's model name, limits and credentials."),
    QT_TRANSLATE_NOOP("Hints", "Choose a folder that you may write to."),
    QT_TRANSLATE_NOOP("Hints", "Free some disk space, then try again."),
    QT_TRANSLATE_NOOP("Hints", "Correct the named rows and try again."),
    QT_TRANSLATE_NOOP("Hints", "Correct the named entry of the training file."),
    QT_TRANSLATE_NOOP("Hints", "Correct or remove the named rows."),
    QT_TRANSLATE_NOOP("Hints", "Lower the learning rate; the last good checkpoint was kept."),
    QT_TRANSLATE_NOOP("Hints", "Choose an area with fewer corners."),
    QT_TRANSLATE_NOOP(
        "Hints", "The engine does not start: check its Python in the ZoomEarth settings; the log says more."
    ),
    QT_TRANSLATE_NOOP(
        "Hints",
        "The system ended the engine, most often for want of memory. Ask again; if it happens again, lower"
        " the view side in the settings or choose a smaller model.",
    ),
    QT_TRANSLATE_NOOP(
        "Hints", "Lower the view side in the settings: the pictures of the steps are too large."
    ),
    QT_TRANSLATE_NOOP("Hints", "Install ZoomEarth again: some of its files are missing."),
    QT_TRANSLATE_NOOP("Hints", "A part of the file is damaged or missing; copy or download it again."),
    QT_TRANSLATE_NOOP(
        "Hints", "The server did not send a part of the file; check the network, then ask again."
    ),
    QT_TRANSLATE_NOOP(
        "Hints",
        "The server does not answer as it should; check the address and the network, then try again.",
    ),
    QT_TRANSLATE_NOOP(
        "Hints", "The server does not let you read the file; check the address and your credentials."
    ),
    QT_TRANSLATE_NOOP("Hints", "The server has no such file; check the address."),
    QT_TRANSLATE_NOOP("Hints", "Choose one or three bands, numbered from 1 to {count}."),
    QT_TRANSLATE_NOOP("Hints", "The file holds several rasters; choose one of them, such as {names}."),
    QT_TRANSLATE_NOOP(
        "Hints", "Choose a raster of heights that can be opened, or one height for all of the ground."
    ),
    QT_TRANSLATE_NOOP("Hints", "Correct the model profile {name}."),
    QT_TRANSLATE_NOOP("Hints", "Name one of {names}, a folder of weights, or a hub id that was fetched."),
    QT_TRANSLATE_NOOP("Hints", "This folder holds no model."),
    QT_TRANSLATE_NOOP("Hints", "The model folder holds no weights."),
    QT_TRANSLATE_NOOP("Hints", "The model folder is incomplete: {name} is missing."),
    QT_TRANSLATE_NOOP("Hints", "The model is incomplete: {name} is missing."),
    QT_TRANSLATE_NOOP("Hints", "The model's files are damaged or of another model."),
    QT_TRANSLATE_NOOP(
        "Hints", "Fetch it first, if its licence suits you, in the engine's environment: {command}"
    ),
    QT_TRANSLATE_NOOP("Hints", "Remove {name} from the folder, or convert it to safetensors first."),
    QT_TRANSLATE_NOOP(
        "Hints",
        "This device cannot run this model in the number format that it has; choose another model.",
    ),
    QT_TRANSLATE_NOOP("Hints", "Name a JSON file that exists."),
    QT_TRANSLATE_NOOP("Hints", "A script is a JSON list of texts."),
)
"""In English; ``{…}`` stands for what differs from case to case."""

_FIELD = re.compile(r"\{(\w+)\}")


def hint_text(hint: str) -> str:
    """The hint in the person's language; as it is where it is none of :data:`HINTS`."""
    for pattern in HINTS:
        fields = fields_of(pattern, hint)
        if fields is not None:
            return _translated("Hints", pattern).format(**fields)
    return hint


def fields_of(pattern: str, hint: str) -> Optional[Dict[str, str]]:
    """What stands in the pattern's fields; None where the hint is another one."""
    parts = _FIELD.split(pattern)  # text, name, text, name, text …
    expression = "".join(f"(?P<{part}>.+)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
    match = re.fullmatch(expression, hint, re.DOTALL)
    return match.groupdict() if match else None
