"""Every stage, error and warning has its sentence."""

from __future__ import annotations

import ast
import re

import pytest
from qgis.PyQt.QtCore import QCoreApplication, QTranslator
from qgis_samples import ROOT

from zoomearth_plugin import wording
from zoomearth_plugin.hints import HINTS, fields_of, hint_text
from zoomearth_plugin.zoomearth.core import errors
from zoomearth_plugin.zoomearth.core.progress import Progress, Stage
from zoomearth_plugin.zoomearth.core.sentences import SENTENCES, sentence

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


@pytest.mark.parametrize("code", SENTENCES)
def test_numbers_of_the_engine_are_kept(qgis_app, code):
    names = re.findall(r"{(\w+)}", SENTENCES[code])
    values = {name: f"‹{name}›" for name in names}
    assert code in wording._warnings()
    said = wording.warning_text(sentence(code, **values))
    assert said and all(value in said for value in values.values())


def test_numbers_in_another_sentence_are_told_as_they_are(qgis_app):
    assert wording.warning_text("partly_empty: 3 of 7.") == "3 of 7."


def _hints_of_the_engine():
    """Every hint in the heart's source: what an error's class or call names, fields filled with ‹x›."""
    found = set()
    for path in sorted((ROOT / "zoomearth_plugin" / "zoomearth").rglob("*.py")):
        if not {"training", "benchmark", "batch", "cli.py", "answers_file.py"} & set(path.parts):
            found |= set(_hints_in(ast.parse(path.read_text(encoding="utf-8"))))
    return sorted(found)


def _hints_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > 1:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name.endswith("Error"):
                yield from _text(node.args[1])
        elif isinstance(node, ast.Assign):
            name = getattr(node.targets[0], "id", "")
            if name.lower().endswith("hint"):
                yield from _text(node.value)


def _text(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "‹x›" for part in node.values)


def test_the_engine_s_hints_are_found():
    assert "Choose an area that overlaps the raster." in _hints_of_the_engine()
    assert "The model folder is incomplete: ‹x› is missing." in _hints_of_the_engine()
    assert len(_hints_of_the_engine()) > 30


@pytest.mark.parametrize("hint", _hints_of_the_engine())
def test_every_hint_of_the_engine_can_be_translated(hint):
    fields = [fields_of(pattern, hint) for pattern in HINTS]
    known = [found for found in fields if found is not None]
    assert len(known) == 1
    assert set(known[0].values()) <= {"‹x›"}


def test_no_hint_is_kept_that_nobody_writes():
    written = _hints_of_the_engine()
    assert [p for p in HINTS if not any(fields_of(p, hint) is not None for hint in written)] == []


class _Shouting(QTranslator):
    def translate(self, context, text, *_):
        return text.upper().replace("{COUNT}", "{count}") if context == "Hints" else ""


def test_a_hint_is_said_in_the_person_s_language(qgis_app):
    translator = _Shouting()
    QCoreApplication.installTranslator(translator)
    try:
        assert hint_text("Choose one or three bands, numbered from 1 to 12.").endswith(
            "NUMBERED FROM 1 TO 12."
        )
        assert hint_text("Do as I say.") == "Do as I say."
    finally:
        QCoreApplication.removeTranslator(translator)
