from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from door_samples import HEART, children, door_threads, misbehaving, write_scene
from held_script import HeldScript
from zoomearth.client import Client, engine_command, engine_environment

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(needs_proc)


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scene(tmp_path_factory.mktemp("scene") / "scene.tif")


@pytest.fixture
def held(tmp_path: Path) -> HeldScript:
    return HeldScript(tmp_path / "held.json")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, **engine_environment(HEART, tmp_path / "cache"), "OMP_NUM_THREADS": "1"}


@pytest.fixture
def make_client(environment: dict[str, str]) -> Iterator[Callable[..., Client]]:
    """Makes clients of any command; none of them may leave a process or a thread behind."""
    made: list[Client] = []
    before = set(children())

    def make(command: list[str] | None = None, **options: float) -> Client:
        made.append(Client(command or engine_command(sys.executable), environment, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()
    assert set(children()) - before == set()
    assert door_threads() == []


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    """Of the real worker."""
    return make_client()


@pytest.fixture
def client_of(make_client: Callable[..., Client], tmp_path: Path) -> Callable[..., Client]:
    """``client_of(body)``: of a worker that misbehaves so."""

    def make(body: str, **options: float) -> Client:
        return make_client(misbehaving(tmp_path / "misbehaving.py", body), **options)

    return make
