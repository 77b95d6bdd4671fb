"""Keeps i18n/*.ts up to date and compiles them for QGIS.

    python tools/translations.py update           new texts in, texts that are gone out
    python tools/translations.py compile FOLDER   writes FOLDER/zoomearth_LANGUAGE.qm

The texts are found in Python's own syntax tree: pylupdate5 passes by those that are written over
several lines. Line numbers are left out of the .ts files, or each edit of the code would change them.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
SOURCE_FOLDER = ROOT / "i18n"
Text = Tuple[str, str]
"""Context and source text."""


class ToolMissingError(Exception):
    """A translation tool is not installed; the text says how to get it."""


class UntranslatableError(Exception):
    """A text is put together before it is translated, so no translation can be found for it."""


def find_tool(names: Tuple[str, ...], package: str) -> str:
    """The first of these programs that is installed, Qt's own folders included.

    Raises:
        ToolMissingError: None is.
    """
    folders = [None, "/usr/lib/qt5/bin", "/usr/lib/qt6/bin"]
    for name in names:
        for folder in folders:
            found = shutil.which(name, path=folder)
            if found:
                return found
    raise ToolMissingError(f"{names[0]} is not installed: `make setup` does it (Debian package {package})")


def source_files() -> List[Path]:
    """The plugin's files that hold texts for the person: all but the heart, which is free of Qt."""
    plugin = ROOT / "zoomearth_plugin"
    return sorted(path for path in plugin.rglob("*.py") if plugin / "zoomearth" not in path.parents)


def texts_in(code: str, name: str) -> Iterator[Text]:
    """Each text that a module marks for translation, in the order of its lines.

    Raises:
        UntranslatableError: One is no literal.
    """
    yield from _texts_below(ast.parse(code, name), "", name)


def _texts_below(node: ast.AST, class_name: str, file: str) -> Iterator[Text]:
    if isinstance(node, ast.ClassDef):
        class_name = node.name
    if isinstance(node, ast.Call):
        function = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if function in ("translate", "QT_TRANSLATE_NOOP") and len(node.args) >= 2 and _is_text(node.args[0]):
            yield _literal(node.args[0], file), _literal(node.args[1], file)
        elif function == "tr" and len(node.args) == 1:
            yield class_name, _literal(node.args[0], file)
    for child in ast.iter_child_nodes(node):
        yield from _texts_below(child, class_name, file)


def _is_text(node: ast.expr) -> bool:
    """False for the number that moves a geometry, which ``translate`` does, too."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _literal(node: ast.expr, file: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise UntranslatableError(f"{file}:{node.lineno}: a translated text must be one literal")


def read_translations(path: Path) -> Dict[Text, str]:
    """The finished translations of a .ts file."""
    found = {}
    for context in ElementTree.parse(path).iter("context"):
        for message in context.iter("message"):
            translation = message.findtext("translation") or ""
            if translation:
                found[context.findtext("name", ""), message.findtext("source", "")] = translation
    return found


def ts_document(texts: List[Text], language: str, translations: Dict[Text, str]) -> str:
    """A .ts file's content; what has no translation is marked as unfinished."""
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    contexts: Dict[str, ElementTree.Element] = {}
    for context, source in sorted(set(texts), key=lambda text: (text[0], texts.index(text))):
        if context not in contexts:
            contexts[context] = ElementTree.SubElement(root, "context")
            ElementTree.SubElement(contexts[context], "name").text = context
        message = ElementTree.SubElement(contexts[context], "message")
        ElementTree.SubElement(message, "source").text = source
        translated: Optional[str] = translations.get((context, source))
        state = {} if translated else {"type": "unfinished"}
        ElementTree.SubElement(message, "translation", state).text = translated
    ElementTree.indent(root, "    ")
    body = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n'


def update() -> None:
    """Bring every .ts file up to date and print how many texts still lack their translation."""
    texts: List[Text] = []
    for path in source_files():
        texts += texts_in(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    for path in sorted(SOURCE_FOLDER.glob("zoomearth_*.ts")):
        language = path.stem.split("_", 1)[1]
        translations = read_translations(path)
        path.write_text(ts_document(texts, language, translations), encoding="utf-8")
        print(f"{path.name}: {len(set(texts))} texts, {len(set(texts) - set(translations))} not translated")


def compile_into(folder: Path) -> List[Path]:
    """Compile every .ts file into a folder, which is made where it is not there.

    Raises:
        ToolMissingError: There is no lrelease.
    """
    tool = find_tool(("lrelease", "lrelease-qt5", "lrelease6"), "qttools5-dev-tools")
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for source in sorted(SOURCE_FOLDER.glob("zoomearth_*.ts")):
        target = folder / f"{source.stem}.qm"
        subprocess.run([tool, "-silent", str(source), "-qm", str(target)], check=True)
        made.append(target)
    return made


def main(arguments: List[str]) -> int:
    """Run with ``update``, or with ``compile`` and a folder."""
    try:
        if arguments == ["update"]:
            update()
        elif len(arguments) == 2 and arguments[0] == "compile":
            compile_into(Path(arguments[1]))
        else:
            print("usage: translations.py update | compile FOLDER", file=sys.stderr)
            return 2
    except (ToolMissingError, UntranslatableError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
