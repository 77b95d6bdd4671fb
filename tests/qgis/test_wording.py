"""Every stage, error and warning has its sentence."""

from __future__ import annotations

import pytest

from zoomearth_plugin import wording
from zoomearth_plugin.zoomearth.core import errors
from zoomearth_plugin.zoomearth.core.progress import Progress, Stage

KINDS = errors.ZoomEarthError.__subclasses__()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_error_says_what_and_what_to_do(qgis_app, kind):
    text = wording.error_text(kind("log only"))
    assert text.endswith(kind.default_hint)
    assert not text.startswith("Something")
    assert "log only" not in text


def test_a_hint_of_its_own_is_kept(qgis_app):
    assert wording.error_text(errors.AreaOutsideError("x", "Move.")).endswith("outside the raster. Move.")


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage(qgis_app, stage):
    assert wording.stage_text(Progress(stage))


def test_detail_is_one_short_line(qgis_app):
    text = wording.stage_text(Progress(Stage.LOOKING, None, "a\nb " * 200))
    assert text.startswith("Looking… …")
    assert len(text) < 140
    assert "\n" not in text


def test_warnings(qgis_app):
    assert "no answer" in wording.warning_text("no_answer: x")
    assert wording.warning_text("other_code: A sentence: yes.") == "A sentence: yes."
    assert wording.warning_text("no code at all") == "no code at all"
