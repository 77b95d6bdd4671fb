"""One table of settings, kept in QGIS's own."""

from __future__ import annotations

from dataclasses import fields

import pytest
from qgis.core import QgsSettings

from zoomearth_plugin import settings


def test_every_setting_has_its_row(qgis_app):
    assert [row.key for row in settings.table()] == [field.name for field in fields(settings.Settings)]
    assert settings.Settings(**{row.key: row.default for row in settings.table()}) == settings.Settings()


def test_saved_is_loaded(qgis_app):
    chosen = settings.Settings("big", "/usr/bin/python3", 512, 0, "/tmp/cache", "https://pip.example.org")
    settings.save(chosen)
    assert settings.load() == chosen


def test_out_of_range_saves_nothing(qgis_app):
    with pytest.raises(ValueError, match="max_zooms"):
        settings.save(settings.Settings(model="other", max_zooms=99))
    assert settings.load() == settings.Settings()


@pytest.mark.parametrize("stored", ["many", "99", -1, None])
def test_a_spoilt_value_counts_as_the_default(qgis_app, stored, caplog):
    QgsSettings().setValue("zoomearth/max_zooms", stored)
    assert settings.load().max_zooms == 3
