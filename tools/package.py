"""Lays the plugin out as QGIS loads it: in a folder, in a zip for the plugin site, or in a profile.

python tools/package.py stage [FOLDER]    default build/package/zoomearth_plugin
python tools/package.py zip               build/zoomearth_plugin-VERSION.zip
python tools/package.py link | unlink     this checkout in your own profile (PROFILE=folder for another)
"""

from __future__ import annotations

import configparser
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Iterator, List

from translations import ToolMissingError, compile_into

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
NAME = "zoomearth_plugin"
LARGEST_BYTES = 25_000_000
"""What the plugin site accepts."""
_BESIDE = ("metadata.txt", "LICENSE", "resources")
_LEFT_OUT = {"__pycache__", "tests"}
_PROGRAMS = {".bat", ".bin", ".cmd", ".dll", ".dylib", ".exe", ".jar", ".ps1", ".pyc", ".pyd", ".sh", ".so"}
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """The package is not one that the plugin site takes; the text says why."""


def version() -> str:
    """The version that metadata.txt states."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    return parser["general"]["version"]


def stage(folder: Path) -> Path:
    """Lay the whole plugin into a folder, in place of what is there.

    Raises:
        ToolMissingError: There is no lrelease to compile the translations with.
        PackageError: See :func:`check`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for source, name in _sources():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)  # not its mode: nothing in the package is executable
        target.chmod(0o644)
    compile_into(folder / "i18n")
    check(folder)
    return folder


def _sources() -> Iterator[tuple]:
    """Each file and its place in the package."""
    code = ROOT / NAME
    for path in _files(code):
        yield path, path.relative_to(code)
    for name in _BESIDE:
        path = ROOT / name
        for file in _files(path) if path.is_dir() else [path]:
            yield file, file.relative_to(ROOT)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_hidden = any(part.startswith(".") or part in _LEFT_OUT for part in parts)
        if path.is_file() and not is_hidden and path.suffix != ".pyc":
            yield path


def check(folder: Path) -> None:
    """Look at a staged plugin with the plugin site's eyes.

    Raises:
        PackageError: A file is missing that QGIS or the site needs, or one is there that must not be.
    """
    needed = ["__init__.py", "metadata.txt", "LICENSE", "resources/engine-requirements.txt"]
    absent = [name for name in needed if not (folder / name).is_file()]
    if absent:
        raise PackageError(f"missing in the package: {', '.join(absent)}")
    for path in folder.rglob("*"):
        is_program = path.suffix.lower() in _PROGRAMS or (path.is_file() and path.stat().st_mode & 0o111)
        if is_program or path.is_symlink():
            raise PackageError(
                f"{path.relative_to(folder)} is a program or a link, which no package may hold"
            )


def write_zip(folder: Path, path: Path) -> Path:
    """Zip a staged plugin; the same files give the same bytes.

    Raises:
        PackageError: It is larger than the plugin site accepts.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{NAME}/{file.relative_to(folder).as_posix()}", _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, file.read_bytes())
    if path.stat().st_size >= LARGEST_BYTES:
        raise PackageError(
            f"{path} has {path.stat().st_size:,} bytes; the plugin site takes {LARGEST_BYTES:,}"
        )
    return path


def link(folder: Path) -> None:
    """Fill a plugin folder with links to this checkout, so that an edit needs only a reload in QGIS."""
    unlink(folder)
    folder.mkdir(parents=True)
    for path in [*(ROOT / NAME).iterdir(), *(ROOT / name for name in _BESIDE)]:
        if path.name not in _LEFT_OUT:
            (folder / path.name).symlink_to(path)
    compile_into(folder / "i18n")


def unlink(folder: Path) -> None:
    """Take away what :func:`link` made.

    Raises:
        PackageError: The folder holds an installed plugin, which is not ours to delete.
    """
    if folder.is_dir() and not (folder / "plugin.py").is_symlink():
        raise PackageError(f"{folder} is an installed plugin, no link: uninstall it in QGIS first")
    if folder.is_dir():
        shutil.rmtree(folder)


def plugin_folders() -> List[Path]:
    """Where the person's QGIS looks for this plugin: every major version's default profile there is."""
    if os.environ.get("PROFILE"):
        return [Path(os.environ["PROFILE"]).expanduser() / "python" / "plugins" / NAME]
    base = {
        "win32": Path(os.environ.get("APPDATA", "")),
        "darwin": Path.home() / "Library" / "Application Support",
    }.get(sys.platform, Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"))
    found = [base / "QGIS" / name for name in ("QGIS3", "QGIS4") if (base / "QGIS" / name).is_dir()]
    profiles = found or [base / "QGIS" / "QGIS3"]
    return [folder / "profiles" / "default" / "python" / "plugins" / NAME for folder in profiles]


def main(arguments: List[str]) -> int:
    """Run one of the commands that the module's text lists."""
    command = arguments[0] if arguments else ""
    try:
        if command == "stage":
            print(stage(Path(arguments[1]) if len(arguments) > 1 else BUILD / "package" / NAME))
        elif command == "zip":
            path = write_zip(stage(BUILD / "package" / NAME), BUILD / f"{NAME}-{version()}.zip")
            print(f"{path} ({path.stat().st_size:,} bytes)")
        elif command in ("link", "unlink"):
            for folder in plugin_folders():
                link(folder) if command == "link" else unlink(folder)
                print(f"{command}ed {folder}")
        else:
            print("usage: package.py stage [FOLDER] | zip | link | unlink", file=sys.stderr)
            return 2
    except (PackageError, ToolMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
