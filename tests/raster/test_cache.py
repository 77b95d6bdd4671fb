"""What is kept of a pass, and everything that can go wrong with a folder of files."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zoomearth.raster.cache import Cache, cache_folder, fingerprint, key_of

PIXELS = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
WRITE_AND_READ = """
import sys, numpy as np
from zoomearth.raster.cache import Cache
for turn in range(60):
    Cache().put("shared", {"pixels": np.full((200, 200, 3), int(sys.argv[1]), np.uint8)}, on_disk=True)
    kept = Cache().get("shared")
    if kept is None or len(set(kept["pixels"].ravel())) != 1:
        raise SystemExit(f"turn {turn}: {kept}")
"""


def kept_pixels(key: str) -> np.ndarray | None:
    """What a process that has nothing in memory finds."""
    kept = Cache().get(key)
    return None if kept is None else kept["pixels"]


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_memory_serves_one_process_and_the_disk_all(own_cache: Path) -> None:
    cache = Cache()
    cache.put("quick", {"pixels": PIXELS}, on_disk=False)
    assert cache.get("quick") is not None and kept_pixels("quick") is None and not own_cache.exists()
    cache.put("costly", {"pixels": PIXELS, "valid_share": np.array([0.5])}, on_disk=True)
    kept = Cache().get("costly")
    assert kept is not None and (kept["pixels"] == PIXELS).all() and kept["valid_share"].tolist() == [0.5]
    assert Cache().get("never") is None


def test_the_folder_is_the_named_one_else_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOMEARTH_CACHE", "/somewhere/else")
    assert cache_folder() == Path("/somewhere/else/overviews")
    monkeypatch.delenv("ZOOMEARTH_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/someone/.cache")
    assert cache_folder() == Path("/home/someone/.cache/zoomearth/overviews")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/appdata")
    assert cache_folder() == Path("/appdata/zoomearth/cache/overviews")


def test_the_least_recently_used_leaves_memory_first() -> None:
    cache = Cache(memory_bytes=2 * PIXELS.nbytes)
    for key in ("a", "b"):
        cache.put(key, {"pixels": PIXELS}, on_disk=False)
    cache.get("a")
    cache.put("c", {"pixels": PIXELS}, on_disk=False)
    assert [cache.get(key) is not None for key in "abc"] == [True, False, True]


def test_the_least_recently_used_leaves_the_disk_first(own_cache: Path) -> None:
    Cache().put("old", {"pixels": PIXELS}, on_disk=True)
    size = only_file(own_cache).stat().st_size
    for age_s, key in ((900, "old"), (500, "used"), (400, "newer")):
        Cache().put(key, {"pixels": PIXELS}, on_disk=True)
        path = own_cache / f"{key}.overview"
        os.utime(path, (path.stat().st_mtime - age_s,) * 2)
    left_by_a_killed_process = own_cache / "half.part"
    left_by_a_killed_process.write_bytes(b"x")
    os.utime(left_by_a_killed_process, (1, 1))
    stranger = own_cache / "notes.txt"
    stranger.write_text("not ours")
    assert kept_pixels("used") is not None  # reading is using
    Cache(disk_bytes=2 * size).put("last", {"pixels": PIXELS}, on_disk=True)
    assert {path.name for path in own_cache.iterdir()} == {"used.overview", "last.overview", "notes.txt"}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_none(data: st.DataObject) -> None:
    """Whatever bytes are changed, cut off or added."""
    Cache().put("key", {"pixels": PIXELS}, on_disk=True)
    path = cache_folder() / "key.overview"
    content = bytearray(path.read_bytes())
    how = data.draw(st.sampled_from(["changed", "cut", "added", "other"]))
    if how == "changed":
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    elif how == "cut":
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    elif how == "added":
        content += data.draw(st.binary(min_size=1, max_size=40))
    else:
        content = bytearray(data.draw(st.binary(max_size=200)))
    path.write_bytes(content)
    assert kept_pixels("key") is None


def test_a_damaged_file_is_said_and_replaced(own_cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    Cache().put("key", {"pixels": PIXELS}, on_disk=True)
    only_file(own_cache).write_bytes(b"not a picture")
    with caplog.at_level(logging.WARNING):
        assert kept_pixels("key") is None
    assert "damaged" in caplog.text
    Cache().put("key", {"pixels": PIXELS}, on_disk=True)
    assert (kept_pixels("key") == PIXELS).all()


class TestNoDisk:
    """The answer is worth more than the file: each costs no more than a line in the log."""

    @pytest.fixture
    def keeps_in_memory(self, caplog: pytest.LogCaptureFixture) -> Callable[[], bool]:
        def keeps() -> bool:
            cache = Cache()
            with caplog.at_level(logging.WARNING):
                cache.put("key", {"pixels": PIXELS}, on_disk=True)
            return cache.get("key") is not None and "cannot keep an overview" in caplog.text

        return keeps

    def test_a_file_where_the_folder_should_be(
        self, own_cache: Path, keeps_in_memory: Callable[[], bool]
    ) -> None:
        own_cache.parent.write_text("a file")
        assert keeps_in_memory()
        assert kept_pixels("key") is None

    @pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no folder that nobody may write to")
    def test_a_folder_that_nobody_may_write_to(
        self, monkeypatch: pytest.MonkeyPatch, keeps_in_memory: Callable[[], bool]
    ) -> None:
        monkeypatch.setenv("ZOOMEARTH_CACHE", "/proc/self")
        assert keeps_in_memory()

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
    def test_a_full_disk(
        self, own_cache: Path, monkeypatch: pytest.MonkeyPatch, keeps_in_memory: Callable[[], bool]
    ) -> None:
        """The temporary file stands on a device that takes no byte."""
        own_cache.mkdir(parents=True)

        def on_full_device(*, prefix: str, suffix: str, dir: Path) -> tuple[int, str]:
            name = dir / f"{prefix}{suffix}"
            name.symlink_to("/dev/full")
            return os.open(name, os.O_WRONLY), str(name)

        monkeypatch.setattr("tempfile.mkstemp", on_full_device)
        assert keeps_in_memory()
        assert list(own_cache.iterdir()) == []  # nothing half-written is left


def test_two_processes_write_and_read_the_same_key(own_cache: Path) -> None:
    """Each always sees all of one or all of the other."""
    workers = [
        subprocess.Popen([sys.executable, "-c", WRITE_AND_READ, value], stderr=subprocess.PIPE, text=True)
        for value in ("1", "2")
    ]
    said = [worker.communicate(timeout=120)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    assert not any(said)  # no warning: neither damaged nor lost
    assert [path.suffix for path in own_cache.iterdir()] == [".overview"]


def test_a_key_names_all_its_parts() -> None:
    key = key_of({"files": [["/a.tif", 10, 20]], "window": [0, 0, 5, 5]})
    assert key == key_of({"window": [0, 0, 5, 5], "files": [["/a.tif", 10, 20]]})
    assert key != key_of({"files": [["/a.tif", 10, 21]], "window": [0, 0, 5, 5]})
    assert len(key) == 64 and set(key) <= set("0123456789abcdef")  # fit for a file's name


def test_a_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path, statistics = tmp_path / "a.tif", tmp_path / "a.tif.aux.xml"
    path.write_bytes(b"12345")
    first = fingerprint([str(path), str(statistics)])
    statistics.write_text("QGIS was here")
    assert fingerprint([str(path), str(statistics)]) == first
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    assert fingerprint([str(path)]) != first
    copy = shutil.copy(path, tmp_path / "b.tif")
    assert fingerprint([str(copy)]) != fingerprint([str(path)])


def test_what_is_no_file_has_no_fingerprint(tmp_path: Path) -> None:
    assert fingerprint([]) is None
    assert fingerprint([str(tmp_path / "a.tif"), "/vsicurl/https://example.org/a.tif"]) is None
