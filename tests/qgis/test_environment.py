"""The engine's Python: found by files alone, inspected from outside, made apart from QGIS's own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtNetwork import QNetworkProxy
from qgis_samples import ROOT

from zoomearth_plugin.environment import CheckTask, SetUpPlan, SetUpTask, inspection, making, proxies, pythons
from zoomearth_plugin.zoomearth.core.errors import (
    DiskFullError,
    EngineMissingError,
    OutputUnwritableError,
)
from zoomearth_plugin.zoomearth.core.progress import CancelToken

HERE = Path(sys.executable)
ENGINE = pythons.interpreter(ROOT / ".venv")


def _touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


class TestFinding:
    def test_the_setting_comes_first(self, tmp_path):
        chosen = _touch(tmp_path / "chosen")
        environ = {pythons.VARIABLE: str(_touch(tmp_path / "other"))}
        assert pythons.find_engine_python(str(chosen), [], environ) == chosen

    def test_then_the_variable(self, tmp_path):
        named = _touch(tmp_path / "named")
        made = pythons.interpreter(tmp_path / "venv")
        _touch(made)
        environ = {pythons.VARIABLE: str(named)}
        assert pythons.find_engine_python("", [tmp_path / "venv"], environ) == named
        assert pythons.find_engine_python("", [tmp_path / "venv"], {}) == made

    def test_a_choice_that_is_gone_is_not_passed_over(self, tmp_path):
        _touch(pythons.interpreter(tmp_path / "venv"))
        with pytest.raises(EngineMissingError, match="gone"):
            pythons.find_engine_python(str(tmp_path / "gone"), [tmp_path / "venv"], {})

    def test_none(self, tmp_path):
        with pytest.raises(EngineMissingError) as caught:
            pythons.find_engine_python("", [tmp_path], {})
        assert caught.value.code == "engine_missing"

    def test_checkout_before_profile(self, tmp_path):
        plugin = tmp_path / "checkout" / "zoomearth_plugin"
        plugin.mkdir(parents=True)
        data = tmp_path / "profile"
        assert pythons.environment_folders(plugin, data) == [data / "engine"]
        _touch(plugin.parent / "pyproject.toml")
        expected = [plugin.resolve().parent / ".venv", data / "engine"]
        assert pythons.environment_folders(plugin, data) == expected


class TestInspection:
    def test_a_real_interpreter(self):
        report = inspection.inspect(HERE, ["pytest", "no-such-distribution"])
        assert report.version == sys.version_info[:3]
        assert report.packages == {"pytest": pytest.__version__}
        assert report.missing == ("no-such-distribution",)
        assert not report.is_usable

    def test_too_old(self):
        report = inspection.EngineReport(HERE, (3, 9, 18), {}, (), True)
        assert not report.is_usable

    @pytest.mark.parametrize("text", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho hello\n", "no program"])
    def test_no_python(self, tmp_path, text):
        program = tmp_path / "program"
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        with pytest.raises(EngineMissingError, match="does not work"):
            inspection.inspect(program, [])

    def test_qgis_s_own_variables_are_hidden(self, monkeypatch):
        monkeypatch.setenv("PYTHONHOME", "/usr/share/qgis")
        environment = inspection.clean_environment({"A": "b"})
        assert "PYTHONHOME" not in environment
        assert environment["A"] == "b"
        assert inspection.inspect(HERE, []).is_usable

    @pytest.mark.parametrize("variable", ["PROJ_DATA", "PROJ_LIB", "GDAL_DATA", "GDAL_DRIVER_PATH"])
    def test_the_engine_has_its_own_gdal_and_proj(self, monkeypatch, tmp_path, variable):
        monkeypatch.setenv(variable, str(tmp_path))  # QGIS's, where the engine's libraries find nothing
        look = "from rasterio.crs import CRS; print(CRS.from_epsg(32633).linear_units)"
        run = subprocess.run(
            [ENGINE, "-c", look], env=inspection.clean_environment(), capture_output=True, text=True
        )
        assert (run.stdout.strip(), run.stderr) == ("metre", "")

    @pytest.mark.parametrize(
        ("prefix", "left"),
        [
            ("/opt/qgis", "/home/me/lib:/usr/local/cuda/lib64:/opt/qgis-3/lib"),
            ("/usr", "/opt/qgis/lib:/home/me/lib:/usr/local/cuda/lib64:/opt/qgis-3/lib"),
        ],
    )
    def test_only_qgis_s_libraries_are_left_out(self, prefix, left):
        paths = "/opt/qgis/lib:/home/me/lib:/usr/local/cuda/lib64:/opt/qgis-3/lib"
        assert inspection.without_own_folders(paths, Path(prefix)) == left

    def test_a_bundle_is_qgis_s_as_a_whole(self):
        prefix = Path("/Applications/QGIS.app/Contents/MacOS")
        paths = "/Applications/QGIS.app/Contents/Frameworks:/opt/homebrew/lib"
        assert inspection.without_own_folders(paths, prefix) == "/opt/homebrew/lib"

    def test_names_of_a_requirements_file(self, tmp_path):
        file = tmp_path / "requirements.txt"
        file.write_text("# pins\n--extra-index-url https://a.example\ntorch==2.13.0\nPillow>=11 ; x\n\n")
        assert inspection.required_names(file) == ["torch", "Pillow"]

    def test_task_signals_in_the_main_thread(self, qtbot, monkeypatch, tmp_path):
        file = tmp_path / "requirements.txt"
        file.write_text("pytest\n")
        monkeypatch.setattr("zoomearth_plugin.environment.tasks.requirements_file", lambda: file)
        task = CheckTask(HERE)
        with qtbot.waitSignal(task.checked, timeout=20_000) as blocker:
            QgsApplication.taskManager().addTask(task)
        assert blocker.args[0].is_usable


@pytest.fixture
def wheel_house(tmp_path):
    """A package index of one tiny package, made here: nothing is fetched."""
    folder = tmp_path / "simple" / "tinything"
    folder.mkdir(parents=True)
    info = "tinything-1.0.dist-info"
    with zipfile.ZipFile(folder / "tinything-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinything.py", "VALUE = 1\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinything\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    (folder / "index.html").write_text('<a href="tinything-1.0-py3-none-any.whl">tinything</a>')
    return (tmp_path / "simple").as_uri()


@pytest.fixture
def plan(tmp_path, wheel_house, monkeypatch):
    """A plan for the tiny package, in a place of its own."""
    requirements = tmp_path / "engine-requirements.txt"
    requirements.write_text("tinything==1.0\n")
    folder = tmp_path / "profile" / "engine"
    monkeypatch.setattr(making, "needed_bytes", lambda _: 0)
    return SetUpPlan(folder, requirements, Path("/usr/bin/python3"), wheel_house)


class TestMaking:
    def test_made_and_usable(self, plan, qtbot):
        told = []
        task = SetUpTask(plan)
        task.progressed.connect(lambda text, fraction: told.append((text, fraction)))
        with qtbot.waitSignal(task.made, timeout=120_000) as blocker:
            QgsApplication.taskManager().addTask(task)
        python = Path(blocker.args[0])
        assert python == pythons.interpreter(plan.folder)
        assert inspection.inspect(python, ["tinything"]).is_usable
        shares = [fraction for _, fraction in told if fraction is not None]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0

    def test_a_failure_says_why_and_keeps_what_was_there(self, plan, tmp_path):
        _touch(plan.folder / "works")
        plan.requirements.write_text("no-such-thing==9\n")
        with pytest.raises(EngineMissingError) as caught:
            making.make(plan, lambda text, fraction: None, CancelToken())
        assert "no-such-thing" in caught.value.hint
        assert os.listdir(plan.folder) == ["works"]
        assert os.listdir(plan.folder.parent) == ["engine"]

    def test_cancelled_leaves_nothing(self, plan, qtbot):
        task = SetUpTask(plan)
        task.progressed.connect(lambda *_: task.cancel())
        with qtbot.waitSignal(task.was_cancelled, timeout=20_000):
            QgsApplication.taskManager().addTask(task)
        assert os.listdir(plan.folder.parent) == []

    def test_never_into_qgis_s_own_python(self, plan):
        commands = []

        def record(command, *_):
            commands.append(command)

        original, making._run = making._run, record
        try:
            with pytest.raises(EngineMissingError):  # nothing was made, so it cannot be inspected
                making.make(plan, lambda text, fraction: None, CancelToken())
        finally:
            making._run = original
        assert commands[0][1:] == ["-m", "venv", str(plan.folder)]
        installers = [command[0] for command in commands if "pip" in command]
        assert installers == [str(pythons.interpreter(plan.folder))]

    def test_unwritable_place(self, plan, tmp_path):
        (tmp_path / "file").write_text("x")
        below = SetUpPlan(tmp_path / "file" / "engine", plan.requirements)
        with pytest.raises(OutputUnwritableError):
            making.make(below, lambda text, fraction: None, CancelToken())

    @pytest.mark.parametrize(
        ("index_url", "system", "gigabytes"),
        [
            ("", "linux", 9),
            ("https://pip.example.org/simple", "linux", 9),
            ("https://download.pytorch.org/whl/cpu/", "linux", 3),
            ("", "win32", 3),
            ("", "darwin", 3),
        ],
    )
    def test_room_for_the_build_that_pip_fetches(self, index_url, system, gigabytes):
        assert making.needed_bytes(index_url, system) == gigabytes * 1024**3

    def test_too_little_room_is_told_in_gigabytes(self, plan, monkeypatch):
        monkeypatch.setattr(making, "needed_bytes", lambda _: 10**6 * 1024**3)
        with pytest.raises(DiskFullError) as caught:
            making.make(plan, lambda text, fraction: None, CancelToken())
        assert "needs 1000000 GB" in caught.value.hint

    def test_one_at_a_time_in_all_of_qgis(self, plan, tmp_path):
        _touch(plan.folder / "works")
        hold = (
            "import sys; from qgis.PyQt.QtCore import QLockFile; lock = QLockFile(sys.argv[1]);"
            "print(lock.tryLock(0), flush=True); sys.stdin.read()"
        )
        other = subprocess.Popen(
            [sys.executable, "-c", hold, str(plan.folder) + ".lock"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert other.stdout.readline() == b"True\n"
        with pytest.raises(OutputUnwritableError, match=str(other.pid)) as caught:
            making.make(plan, lambda text, fraction: None, CancelToken())
        assert "being set up already" in caught.value.hint
        assert os.listdir(plan.folder) == ["works"]
        other.kill()
        other.communicate()
        making.make(plan, lambda text, fraction: None, CancelToken())  # its lock ended with it
        assert os.listdir(plan.folder.parent) == ["engine"]

    def test_a_set_up_cut_short_costs_no_engine(self, plan):
        _touch(plan.folder.with_name("engine.previous") / "works")
        _touch(plan.folder / "half-made")
        _touch(plan.folder.with_name("engine.rubbish-1") / "old")
        plan.requirements.write_text("no-such-thing==9\n")
        with pytest.raises(EngineMissingError):
            making.make(plan, lambda text, fraction: None, CancelToken())
        assert os.listdir(plan.folder.parent) == ["engine"]
        assert os.listdir(plan.folder) == ["works"]

    def test_a_base_is_found_here(self):
        assert inspection.inspect(making.find_base_python(), []).is_recent


class TestProxies:
    def test_with_login_and_exceptions(self):
        proxy = QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 3128, "an a", "p@ss")
        made = proxies.variables(proxy, ["http://localhost/x", "intranet.example:8080"])
        assert made["HTTPS_PROXY"] == made["http_proxy"] == "http://an%20a:p%40ss@proxy.example:3128"
        assert made["NO_PROXY"] == "localhost,intranet.example"

    def test_socks(self):
        proxy = QNetworkProxy(QNetworkProxy.ProxyType.Socks5Proxy, "proxy.example", 1080)
        assert proxies.variables(proxy, [])["HTTPS_PROXY"] == "socks5h://proxy.example:1080"

    def test_none_of_qgis_s_own(self):
        assert proxies.variables(QNetworkProxy(QNetworkProxy.ProxyType.DefaultProxy), []) == {}

    def test_as_qgis_has_it(self, qgis_app):
        assert proxies.proxy_environment() == {}
