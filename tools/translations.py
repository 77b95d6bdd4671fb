"""Keeps i18n/*.ts up to date and compiles them for QGIS.

python tools/translations.py update           new texts in, texts that are gone out
python tools/translations.py compile FOLDER   writes FOLDER/zoomearth_LANGUAGE.qm
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

ROOT = Path(__file__).resolve().parents[1]
SOURCE_FOLDER = ROOT / "i18n"
_LOCATION = re.compile(r"^\s*<location .*/>\n", re.MULTILINE)


class ToolMissingError(Exception):
    """A translation tool is not installed; the text says how to get it."""


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


def update() -> None:
    """Bring every .ts file up to date; line numbers stay out, or each edit would change the files."""
    tool = find_tool(("pylupdate5", "pylupdate6"), "pyqt5-dev-tools")
    keep_no_old = "--no-obsolete" if tool.endswith("6") else "-noobsolete"
    sources = [str(path.relative_to(ROOT)) for path in source_files()]
    for path in sorted(SOURCE_FOLDER.glob("zoomearth_*.ts")):
        target = ["--ts" if tool.endswith("6") else "-ts", str(path.relative_to(ROOT))]
        subprocess.run([tool, keep_no_old, *sources, *target], cwd=ROOT, check=True)
        path.write_text(_LOCATION.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")


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
    except ToolMissingError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
