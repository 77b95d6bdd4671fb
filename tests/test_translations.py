"""Every text that the person reads is in i18n, German with it."""

import ast
import string
from pathlib import Path
from typing import Dict, Iterator, Set, Tuple
from xml.etree import ElementTree

import pytest
import translations

ROOT = Path(__file__).resolve().parents[1]


def texts_in(path: Path) -> Iterator[Tuple[str, int]]:
    """The literal of each ``tr`` and ``translate`` call, and its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        place = {"tr": 0, "translate": 1}.get(name or "")
        if place is None or len(node.args) <= place:
            continue
        text = node.args[place]
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield text.value, node.lineno


def messages(language: str) -> Dict[str, ElementTree.Element]:
    tree = ElementTree.parse(ROOT / "i18n" / f"zoomearth_{language}.ts")
    return {message.findtext("source", ""): message for message in tree.iter("message")}


def fields(text: str) -> Set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module")
def texts() -> Dict[str, str]:
    """Each text of the plugin and where it stands."""
    return {
        text: f"{path.relative_to(ROOT)}:{line}"
        for path in translations.source_files()
        for text, line in texts_in(path)
    }


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_text_is_in_the_translation_sources(language: str, texts: Dict[str, str]) -> None:
    known = messages(language)
    assert {text: where for text, where in texts.items() if text not in known} == {}, "run `make i18n`"


def test_german_is_complete() -> None:
    unfinished = [
        source
        for source, message in messages("de").items()
        if message.find("translation").get("type") == "unfinished" or not message.findtext("translation")
    ]
    assert unfinished == []


def test_translations_keep_the_places_for_values() -> None:
    for source, message in messages("de").items():
        assert fields(message.findtext("translation", "")) == fields(source), source


def test_compiling_writes_one_file_a_language(tmp_path: Path) -> None:
    made = translations.compile_into(tmp_path / "i18n")
    assert {path.name for path in made} == {"zoomearth_de.qm", "zoomearth_en.qm"}
    assert all(path.stat().st_size > 0 for path in made)


def test_a_tool_that_is_not_there_is_named_with_its_package() -> None:
    with pytest.raises(translations.ToolMissingError, match=r"no-such-tool.*some-package"):
        translations.find_tool(("no-such-tool",), "some-package")
