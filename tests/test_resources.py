import re
from pathlib import Path

import pytest
from zoomearth import resources
from zoomearth.core.errors import EngineMissingError

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("folder", ["heart/zoomearth/resources", "heart/resources", "resources"])
def test_resources_are_found_in_each_layout(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(resources, "_HEART", tmp_path / "heart" / "zoomearth")
    assert resources.resource_folder() == tmp_path / folder


def test_an_installation_without_resources_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_HEART", tmp_path / "heart" / "zoomearth")
    with pytest.raises(EngineMissingError, match="no resources folder"):
        resources.resource_folder()


def test_the_version_is_the_one_that_metadata_states() -> None:
    stated = re.search(r"^version=(.+)$", (ROOT / "metadata.txt").read_text(), re.MULTILINE)
    assert stated is not None and resources.version() == stated.group(1).strip()


def test_a_packaged_plugin_has_its_version_beside_the_heart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "metadata.txt").write_text("[general]\nname=ZoomEarth\nversion=9.8.7\n")
    monkeypatch.setattr(resources, "_HEART", tmp_path / "zoomearth")
    assert resources.version() == "9.8.7"
