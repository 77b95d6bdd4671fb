import configparser
import re
import zipfile
from pathlib import Path

import package
import pytest
import requirements

ROOT = Path(__file__).resolve().parents[1]
SITE_LIMIT_BYTES = 25 * 1000 * 1000


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as QGIS loads it."""
    return package.stage(tmp_path_factory.mktemp("package") / "zoomearth_plugin")


@pytest.fixture(scope="module")
def archive(staged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package.write_zip(staged, tmp_path_factory.mktemp("zip") / "plugin.zip")


@pytest.fixture
def metadata() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    return parser["general"]


def test_the_zip_is_one_folder_that_the_plugin_site_takes(archive: Path) -> None:
    assert archive.stat().st_size < SITE_LIMIT_BYTES
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
        modes = {entry.external_attr >> 16 & 0o777 for entry in zipped.infolist()}
    assert {name.split("/")[0] for name in names} == {"zoomearth_plugin"}
    assert modes == {0o644}
    assert not [
        name for name in names if re.search(r"\.pyc$|__pycache__|/tests?/|/\.|\.(so|dll|exe|sh)$", name)
    ]


def test_the_zip_holds_what_the_plugin_needs(archive: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        names = {name.split("/", 1)[1] for name in zipped.namelist()}
    code = {
        str(path.relative_to(ROOT / "zoomearth_plugin")) for path in ROOT.glob("zoomearth_plugin/**/*.py")
    }
    beside = {str(path.relative_to(ROOT)) for path in ROOT.glob("resources/**/*") if path.is_file()}
    assert names >= code | beside | {
        "metadata.txt",
        "LICENSE",
        "i18n/zoomearth_de.qm",
        "i18n/zoomearth_en.qm",
    }


def test_the_same_files_make_the_same_zip(staged: Path, archive: Path, tmp_path: Path) -> None:
    assert package.write_zip(staged, tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_a_program_in_the_package_is_refused(staged: Path, tmp_path: Path) -> None:
    folder = package.stage(tmp_path / "zoomearth_plugin")
    (folder / "resources" / "tool.exe").write_bytes(b"MZ")
    with pytest.raises(package.PackageError, match=r"tool\.exe"):
        package.check(folder)


def test_a_package_without_licence_is_refused(tmp_path: Path) -> None:
    folder = package.stage(tmp_path / "zoomearth_plugin")
    (folder / "LICENSE").unlink()
    with pytest.raises(package.PackageError, match="LICENSE"):
        package.check(folder)


def test_an_installed_plugin_is_not_replaced_by_a_link(tmp_path: Path) -> None:
    folder = package.stage(tmp_path / "zoomearth_plugin")
    with pytest.raises(package.PackageError, match="uninstall"):
        package.link(folder)
    assert (folder / "plugin.py").is_file()


def test_linking_twice_and_unlinking_leaves_the_checkout_alone(tmp_path: Path) -> None:
    folder = tmp_path / "plugins" / "zoomearth_plugin"
    package.link(folder)
    package.link(folder)
    assert (folder / "plugin.py").resolve() == ROOT / "zoomearth_plugin" / "plugin.py"
    assert (folder / "metadata.txt").is_file() and (folder / "i18n" / "zoomearth_de.qm").is_file()
    package.unlink(folder)
    assert not folder.exists()
    assert (ROOT / "zoomearth_plugin" / "plugin.py").is_file() and (ROOT / "LICENSE").is_file()


def test_metadata_has_what_the_plugin_site_asks_for(metadata: configparser.SectionProxy) -> None:
    needed = ["name", "description", "about", "version", "author", "email", "qgisMinimumVersion"]
    needed += ["tracker", "repository", "homepage", "tags", "icon", "license"]
    assert [name for name in needed if not metadata.get(name, "").strip()] == []
    assert metadata["qgisMinimumVersion"] == "3.22" and metadata["qgisMaximumVersion"] == "4.99"
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata["version"])
    assert metadata["license"].startswith("GPL-2.0")


def test_metadata_names_an_icon_that_is_there(metadata: configparser.SectionProxy) -> None:
    assert (ROOT / metadata["icon"]).is_file()


def test_metadata_tells_truly_whether_there_are_algorithms(metadata: configparser.SectionProxy) -> None:
    has_provider = any((ROOT / "zoomearth_plugin" / "processing").glob("*.py"))
    assert metadata["hasProcessingProvider"] == ("yes" if has_provider else "no")


def test_the_licence_is_version_2_in_full() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text and "Version 2, June 1991" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_engine_requirements_are_those_of_the_project() -> None:
    written = (ROOT / "resources" / "engine-requirements.txt").read_text(encoding="utf-8")
    assert written == requirements.engine_text(), "run `make requirements`"


def test_the_tests_of_qgis_bring_no_numpy() -> None:
    extra = requirements.project_table()["optional-dependencies"]["qgis-tests"]
    assert not [line for line in extra if line.startswith(("numpy", "torch", "gdal"))]
