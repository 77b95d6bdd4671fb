"""The walls between the rooms, checked on every import statement there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Iterator, List, NamedTuple, Set, Tuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = ROOT / "zoomearth_plugin"
HEART = PLUGIN / "zoomearth"
BOTH_PYTHONS = ("core", "client", "resources", "__init__")
"""What of the heart QGIS's Python imports, too."""
QT_AND_QGIS = {"qgis", "PyQt5", "PyQt6", "PySide2", "PySide6", "sip", "osgeo", "processing"}
WIDGET_CLASSES = re.compile(r"^Q(?!gs)\w*(Widget|Dialog|Button|Label|Box|Layout|Edit|MessageBox)$")
NESTED_CLASSES = {"ActionOnExistingFile", "SaveVectorOptions"}
"""Classes inside Qt's and QGIS's classes that look like enum values where they get a shorter name."""
MAY_USE = {
    "core": set(),
    "resources": {"core"},
    "client": {"core"},
    "raster": {"core"},
    "models": {"core", "resources"},
    "perception": {"core", "raster", "models"},
    "segmentation": {"core", "raster", "models", "perception", "resources"},
    "toolkit": {"core", "raster", "models", "perception", "resources"},
}
"""Rooms of the heart and the rooms below them; ``training`` and ``benchmark`` may use all of these."""
NOBODY_USES = {"training", "benchmark"}
COMMANDS = {"cli", "training", "benchmark"}
"""Who may name the rooms that nobody uses: they themselves, and the command line that starts them."""
STANDARD_LIBRARY_39 = set(
    """__future__ abc argparse array ast asyncio base64 binascii bisect calendar codecs collections
    concurrent configparser contextlib contextvars copy csv ctypes dataclasses datetime decimal difflib enum
    errno faulthandler fnmatch fractions functools gc getpass glob gzip hashlib heapq hmac html http imghdr
    importlib inspect io ipaddress itertools json keyword locale logging lzma math mimetypes msvcrt
    multiprocessing numbers operator os pathlib pickle pkgutil platform pprint queue random re resource
    secrets select selectors shlex shutil signal site socket sqlite3 ssl stat statistics string struct
    subprocess sys sysconfig tempfile textwrap threading time timeit token tokenize traceback tracemalloc
    types typing unicodedata unittest urllib uuid venv warnings weakref webbrowser winreg xml zipfile zlib
    ensurepip""".split()
)
"""Named here, because ``sys.stdlib_module_names`` holds what this Python has, not what Python 3.9 had."""


class Import(NamedTuple):
    """One imported module by its full name, seen from the folder that holds ``zoomearth_plugin``."""

    module: str
    names: Tuple[str, ...]
    is_relative: bool
    line: int


def parse(path: Path, feature_version: Tuple[int, int]) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=feature_version)


def imports(path: Path, root: Path = ROOT) -> Iterator[Import]:
    """Every import in a file, those inside functions and ``TYPE_CHECKING`` blocks included."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(parse(path, (3, 11))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), False, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield Import(".".join([*base, *filter(None, [node.module])]), names, node.level > 0, node.lineno)


def files(folder: Path) -> List[Path]:
    return sorted(folder.rglob("*.py"))


def room(path: Path, heart: Path = HEART) -> str:
    """The heart's room, or single module, that a file belongs to."""
    return path.relative_to(heart).parts[0].replace(".py", "")


HEART_FILES = files(HEART)
BOTH_FILES = [path for path in HEART_FILES if room(path) in BOTH_PYTHONS]
QGIS_FILES = [path for path in files(PLUGIN) if HEART not in path.parents]


def heart_rooms(found: Import) -> Set[str]:
    """The rooms of the heart that an import reaches into."""
    parts = found.module.split(".")
    if parts[:2] == ["zoomearth_plugin", "zoomearth"]:
        parts = parts[1:]
    if parts[0] != "zoomearth":
        return set()
    return {parts[1]} if len(parts) > 1 else set(found.names)


def breaches_of_the_heart(path: Path, root: Path = ROOT) -> List[str]:
    """Where a file of the heart breaks a wall."""
    broken = []
    own = room(path, root / "zoomearth_plugin" / "zoomearth")
    for found in imports(path, root):
        top = found.module.split(".")[0]
        if top in QT_AND_QGIS:
            broken.append(f"{found.line}: {found.module} is QGIS's, and the heart is free of it")
        if top in {"zoomearth", "zoomearth_plugin"} and not found.is_relative:
            broken.append(f"{found.line}: {found.module} must be a relative import")
        if found.is_relative and not found.module.startswith("zoomearth_plugin.zoomearth"):
            broken.append(f"{found.line}: {found.module} leaves the heart")
        reached = heart_rooms(found) - {own}
        if own in MAY_USE and not reached <= MAY_USE[own]:
            broken.append(f"{found.line}: {own} may not use {', '.join(sorted(reached - MAY_USE[own]))}")
        if own not in COMMANDS and reached & NOBODY_USES:
            broken.append(f"{found.line}: only the command line starts {', '.join(reached & NOBODY_USES)}")
        if own in BOTH_PYTHONS and not found.is_relative and top not in STANDARD_LIBRARY_39:
            broken.append(f"{found.line}: {found.module} is not in Python 3.9's standard library")
    return broken


def breaches_of_the_plugin(path: Path, root: Path = ROOT) -> List[str]:
    """Where a file on QGIS's side breaks a wall."""
    broken = []
    own = path.relative_to(root / "zoomearth_plugin").parts[0]
    has_screen = own in {"gui", "plugin.py"}
    for found in imports(path, root):
        parts = found.module.split(".")
        if found.is_relative:
            reached = heart_rooms(found)
            if not reached <= set(BOTH_PYTHONS):
                broken.append(f"{found.line}: {', '.join(sorted(reached))} runs in the engine's Python only")
            if parts[:2] == ["zoomearth_plugin", "gui"] and not has_screen:
                broken.append(f"{found.line}: only plugin.py uses gui")
            continue
        if parts[0] not in STANDARD_LIBRARY_39 | {"qgis"}:
            broken.append(
                f"{found.line}: {found.module} is neither PyQGIS nor in Python 3.9's standard library"
            )
        is_widgets = found.module == "qgis.PyQt.QtWidgets" or "QtWidgets" in found.names
        if found.module == "qgis.PyQt.QtWidgets" and set(found.names) == {"QAction"}:
            is_widgets = False  # an action shows nothing; Qt 6 has it in QtGui
        if own != "gui" and (is_widgets or any(WIDGET_CLASSES.match(name) for name in found.names)):
            broken.append(f"{found.line}: widgets belong to gui/")
        if not has_screen and parts[:2] == ["qgis", "utils"] and "iface" in found.names:
            broken.append(f"{found.line}: iface belongs to gui/ and plugin.py")
    if not has_screen:
        for node in ast.walk(parse(path, (3, 9))):
            name = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "arg", None)
            if name == "iface" and own != "__init__.py":
                broken.append(f"{node.lineno}: iface belongs to gui/ and plugin.py")
    return broken


def name_of(path: Path) -> str:
    return str(path.relative_to(PLUGIN))


@pytest.mark.parametrize("path", HEART_FILES, ids=name_of)
def test_the_heart_keeps_its_walls(path: Path) -> None:
    assert breaches_of_the_heart(path) == []


@pytest.mark.parametrize("path", QGIS_FILES, ids=name_of)
def test_the_qgis_side_keeps_its_walls(path: Path) -> None:
    assert breaches_of_the_plugin(path) == []


@pytest.mark.parametrize("path", [*QGIS_FILES, *BOTH_FILES], ids=name_of)
def test_what_qgis_imports_is_python_3_9(path: Path) -> None:
    tree = parse(path, (3, 9))
    has_postponed = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body
    )
    for node in ast.walk(tree):
        assert not isinstance(node, getattr(ast, "Match", ())), f"{path}:{node.lineno}: match"
        if isinstance(node, ast.Call):
            options = {keyword.arg for keyword in node.keywords}
            is_dataclass = getattr(node.func, "id", "") == "dataclass"
            assert not (is_dataclass and options & {"slots", "kw_only"}), f"{path}:{node.lineno}: Python 3.10"
            is_zip = getattr(node.func, "id", "") == "zip"
            assert not (is_zip and "strict" in options), f"{path}:{node.lineno}: zip(strict=…), Python 3.10"
        if isinstance(node, (ast.arg, ast.AnnAssign)) and not has_postponed:
            unions = ast.walk(node.annotation) if node.annotation else ()
            is_union = any(isinstance(part, ast.BinOp) for part in unions)
            assert not is_union, f"{path}:{node.lineno}: X | Y, Python 3.10"


def test_the_package_loads_nothing_before_qgis_asks() -> None:
    top_level = parse(PLUGIN / "__init__.py", (3, 9)).body
    assert not any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in top_level)


@pytest.mark.parametrize("path", QGIS_FILES, ids=name_of)
def test_the_qgis_side_is_ready_for_qt_6(path: Path) -> None:
    assert qt_5_only(parse(path, (3, 9))) == []


def qt_5_only(tree: ast.Module) -> List[str]:
    """Enum values without their enum's name, and other things that Qt 6's bindings lack."""
    scopes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    scopes |= {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):  # annotations name enums, not their values
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation:
            scopes |= {id(part) for part in ast.walk(node.annotation)}
        elif isinstance(node, ast.FunctionDef) and node.returns:
            scopes |= {id(part) for part in ast.walk(node.returns)}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        if node.attr == "exec_":
            found.append(f"{node.lineno}: exec() instead of exec_()")
        owner = getattr(node.value, "id", "")
        is_value = re.match(r"^(Q[A-Z]|Qt$|Qgis$|Qgs)", owner) and re.match(r"^[A-Z][a-z]", node.attr)
        if is_value and id(node) not in scopes and node.attr not in NESTED_CLASSES:
            found.append(f"{node.lineno}: {owner}.{node.attr} lacks its enum's name")
    return found


def test_an_unscoped_enum_is_seen() -> None:
    tree = ast.parse(
        "a = Qt.AlignLeft\nb = Qt.AlignmentFlag.AlignLeft\nc = QgsTask.Flag(0)\ndialog.exec_()\n"
        "def f(side: Qt.AlignmentFlag) -> Qt.AlignmentFlag: ...\n"
    )
    assert qt_5_only(tree) == ["1: Qt.AlignLeft lacks its enum's name", "4: exec() instead of exec_()"]


BREACHES = [
    ("zoomearth/core/types.py", "import numpy", "standard library"),
    ("zoomearth/core/types.py", "def f():\n    import tomllib", "standard library"),
    ("zoomearth/client.py", "from .raster import reading", "may not use raster"),
    ("zoomearth/raster/reading.py", "from osgeo import gdal", "free of it"),
    ("zoomearth/raster/reading.py", "from ..models.engine import Engine", "may not use models"),
    ("zoomearth/raster/reading.py", "from zoomearth.core import types", "relative"),
    ("zoomearth/models/loading.py", "from .. import perception", "may not use perception"),
    ("zoomearth/worker.py", "from .training import sft", "only the command line"),
    ("zoomearth/perception/loop.py", "from ...settings import load", "leaves the heart"),
    ("tasks.py", "import numpy", "neither PyQGIS"),
    ("tasks.py", "from PyQt5.QtCore import Qt", "neither PyQGIS"),
    ("tasks.py", "from .zoomearth.raster import reading", "engine's Python only"),
    ("tasks.py", "from qgis.utils import iface", "iface belongs"),
    ("tasks.py", "import qgis.utils\nqgis.utils.iface.mainWindow()", "iface belongs"),
    ("tasks.py", "from qgis.PyQt.QtWidgets import QLabel", "widgets belong"),
    ("layers.py", "from qgis.PyQt import QtWidgets", "widgets belong"),
    ("plugin.py", "from qgis.PyQt.QtWidgets import QAction, QLabel", "widgets belong"),
    ("layers.py", "from .gui.dock import ZoomEarthDock", "only plugin.py uses gui"),
    ("gui/dock.py", "from ..zoomearth.models.loading import load_engine", "engine's Python only"),
]


@pytest.mark.parametrize(("place", "text", "said"), BREACHES)
def test_a_breach_is_seen(tmp_path: Path, place: str, text: str, said: str) -> None:
    path = tmp_path / "zoomearth_plugin" / place
    path.parent.mkdir(parents=True)
    path.write_text(text + "\n")
    look = breaches_of_the_heart if place.startswith("zoomearth/") else breaches_of_the_plugin
    assert any(said in breach for breach in look(path, tmp_path))


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("zoomearth/core/types.py", "import json\nfrom .frames import PixelBox"),
        (
            "zoomearth/perception/loop.py",
            "import numpy\nfrom ..raster.reading import Raster\nfrom . import pace",
        ),
        ("zoomearth/cli.py", "from .training import sft"),
        ("plugin.py", "from qgis.PyQt.QtWidgets import QAction\nfrom .gui.dock import ZoomEarthDock"),
        ("gui/dock.py", "from qgis.PyQt.QtWidgets import QLabel\nfrom ..zoomearth.core.types import Query"),
    ],
)
def test_what_is_allowed_passes(tmp_path: Path, place: str, text: str) -> None:
    path = tmp_path / "zoomearth_plugin" / place
    path.parent.mkdir(parents=True)
    path.write_text(text + "\n")
    look = breaches_of_the_heart if place.startswith("zoomearth/") else breaches_of_the_plugin
    assert look(path, tmp_path) == []
