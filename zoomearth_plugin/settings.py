"""One table of settings; handed out as a frozen dataclass, kept in QGIS's own settings."""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from typing import Any, Optional, Tuple

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QCoreApplication

logger = logging.getLogger(__name__)
translate = QCoreApplication.translate

KEY_PREFIX = "zoomearth/"


@dataclass(frozen=True)
class Settings:
    """What a person can set; every field has its row in :func:`table`."""

    model: str = "zoomearth-mini"
    engine_python: str = ""
    view_side_px: int = 0
    max_zooms: int = 3
    cache_folder: str = ""
    package_index: str = ""


@dataclass(frozen=True)
class Setting:
    """One row of the table.

    Args:
        key: Field of :class:`Settings`, and the key below ``zoomearth/``.
        default: Also tells the type, text or whole number.
        minimum: Least value of a number; None for text.
        maximum: Greatest value of a number; None for text.
        title: Translated name.
        tip: Translated explanation, one or two sentences.
    """

    key: str
    default: Any
    minimum: Optional[int]
    maximum: Optional[int]
    title: str
    tip: str

    def parse(self, stored: Any) -> Any:
        """The value of the right type and within the range.

        Raises:
            ValueError: Not a number, or out of range.
        """
        if self.minimum is None or self.maximum is None:
            return str(stored).strip()
        number = int(stored)
        if not self.minimum <= number <= self.maximum:
            raise ValueError(f"{self.key} is {number}, not from {self.minimum} to {self.maximum}")
        return number


def table() -> Tuple[Setting, ...]:
    """Every setting, in the order of the options page, in the person's language."""
    return (
        Setting(
            "model", "zoomearth-mini", None, None,
            translate("Settings", "Model"),
            translate("Settings", "Name of an installed model, a model folder, or a hub name."),
        ),
        Setting(
            "engine_python", "", None, None,
            translate("Settings", "Engine's Python"),
            translate(
                "Settings",
                "The Python interpreter that runs the model, apart from QGIS's own. "
                "Empty: found automatically.",
            ),
        ),
        Setting(
            "view_side_px", 0, 0, 4096,
            translate("Settings", "View side (pixels)"),
            translate(
                "Settings",
                "Longer side of each picture that the model is shown. 0: the model's own. "
                "Larger shows more detail and needs more time and memory.",
            ),
        ),
        Setting(
            "max_zooms", 3, 0, 12,
            translate("Settings", "Zooms at most"),
            translate("Settings", "How many times the model may zoom in. 0: it answers from the overview."),
        ),
        Setting(
            "cache_folder", "", None, None,
            translate("Settings", "Cache folder"),
            translate("Settings", "Where overviews of rasters are kept. Empty: the system's cache folder."),
        ),
        Setting(
            "package_index", "", None, None,
            translate("Settings", "Package index"),
            translate(
                "Settings",
                "Address of the Python package index for setting up the engine, "
                "such as a mirror inside your organisation. Empty: pip's own.",
            ),
        ),
    )  # fmt: skip


def load() -> Settings:
    """The settings as they stand; a stored value that is no longer valid counts as its default."""
    store = QgsSettings()
    values = {}
    for setting in table():
        stored = store.value(KEY_PREFIX + setting.key, setting.default)
        try:
            values[setting.key] = setting.parse(stored)
        except (TypeError, ValueError) as error:
            logger.warning("setting %s: %s; its default %r counts", setting.key, error, setting.default)
            values[setting.key] = setting.default
    return Settings(**values)


def save(settings: Settings) -> None:
    """Keep all settings, or none.

    Raises:
        ValueError: One of them is out of its range.
    """
    parsed = {row.key: row.parse(getattr(settings, row.key)) for row in table()}
    store = QgsSettings()
    for key in (field.name for field in fields(Settings)):
        store.setValue(KEY_PREFIX + key, parsed[key])
