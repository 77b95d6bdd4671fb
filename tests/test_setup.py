"""What set-up says where it can't go on: one sentence, with what is missing and how to get it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout's set-up scripts, apart from this one's environments."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "tools", folder / "tools")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder to be the whole PATH: what the scripts themselves need, and no package manager."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bash", "cat", "cut", "dirname", "env", "id", "rm", "sha256sum"):
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    return folder


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(f"#!{shutil.which('bash')}\n{text}\n")
    (folder / name).chmod(0o755)


def run(script: Path, *arguments: str, path: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PATH": str(path), **variables}
    command = [str(shutil.which("bash")), str(script), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_without_apt_the_missing_packages_are_named(checkout: Path, programs: Path) -> None:
    ended = run(checkout / "tools/system_packages.sh", path=programs)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1 and "xvfb" in ended.stderr
    assert "install them with your system's package manager, then run the same command again." in ended.stderr


def test_without_root_and_sudo_the_command_for_root_is_named(checkout: Path, programs: Path) -> None:
    program(programs, "apt-get", "exit 0")
    program(programs, "id", "echo 1000")
    ended = run(checkout / "tools/system_packages.sh", path=programs)
    assert ended.returncode == 1
    assert "run 'apt-get install " in ended.stderr and "as root" in ended.stderr


def test_a_failing_apt_ends_the_set_up_with_a_sentence(checkout: Path, programs: Path) -> None:
    program(programs, "apt-get", 'echo "E: no route" >&2; exit 100')
    program(programs, "apt-cache", "exit 0")
    program(programs, "id", "echo 0")
    ended = run(checkout / "tools/system_packages.sh", path=programs)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("ZoomEarth's set-up needs ")
    assert "'apt-get update' failed" in ended.stderr


def test_missing_packages_are_installed_without_recommendations(checkout: Path, programs: Path) -> None:
    log = programs / "log"
    program(programs, "apt-get", f'echo "$@" >>{log}')
    program(programs, "apt-cache", "echo known")
    program(programs, "id", "echo 0")
    ended = run(checkout / "tools/system_packages.sh", path=programs)
    (line,) = log.read_text().splitlines()
    assert line.startswith("install ") and "--no-install-recommends" in line and " xvfb" in line
    # This apt installed nothing, and that is noticed.
    assert ended.returncode == 1 and "they do not work" in ended.stderr


def test_without_a_recent_python_one_is_asked_for(checkout: Path, programs: Path) -> None:
    program(programs, "python3", "exit 1")
    ended = run(checkout / "tools/environments.sh", "engine", path=programs, PYTHON="python3")
    assert ended.returncode == 1
    assert "find Python 3.10 or newer" in ended.stderr and "PYTHON=" in ended.stderr


def test_a_failing_pip_leaves_the_environment_unfinished(checkout: Path, programs: Path) -> None:
    program(
        programs,
        "python3",
        'case "$*" in '
        f'"-m venv .venv") mkdir -p .venv/bin; ln -s {programs}/python3 .venv/bin/python ;; '
        '"-m pip "*) echo "no such package" >&2; exit 1 ;; '
        '*print*) echo "(3, 11)" ;; '
        "esac",
    )
    for name in ("mkdir", "ln"):
        (programs / name).symlink_to(str(shutil.which(name)))
    ended = run(checkout / "tools/environments.sh", "engine", path=programs, PYTHON="python3")
    assert ended.returncode == 1
    assert "could not install packages into .venv" in ended.stderr
    assert not (checkout / ".venv" / ".made-from").exists()
