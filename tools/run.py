"""The main job in a real QGIS: open a raster, ask a question in the dock, keep answer and picture.

    RASTER=path QUESTION="…" python tools/run.py

Without RASTER it draws a scene (SEED) and asks for the colour of something too small for the overview.
Leaves answer.gpkg, dock.png, result.json and qgis.log in build/run.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

from package import BUILD, NAME, ROOT, PackageError, stage
from translations import ToolMissingError

RUN_FOLDER = BUILD / "run"
DEMO_FOLDER = BUILD / "demo"
DRIVER = ROOT / "tests" / "gui" / "drive.py"
ENGINE = ROOT / ".venv" / "bin" / "python"
DEMO_SIDE_PX = 8192
DEMO_SEED = 1_000_001
LIMIT_S = float(os.environ.get("ZOOMEARTH_RUN_TIMEOUT_S", "900"))
# The profile is new each time: no tip of the day, no question about other profiles, no news feed.
_SETTINGS = f"""[PythonPlugins]
{NAME}=true

[qgis]
checkVersion=false
showTips=false
newProjectDefault=false

[app]
projections\\defaultProjectCrs=EPSG:4326

[core]
NewsFeed\\httpsfeedqgisorg\\disabled=true
"""


class RunError(Exception):
    """The main job did not end with an answer; the text says why, in a sentence."""


def demo(seed: int) -> Tuple[Path, str]:
    """A scene that is drawn for this run, and a question about it that the overview can't answer.

    Raises:
        RunError: It could not be drawn, or offers no such question.
    """
    raster = DEMO_FOLDER / f"scene_{seed}.tif"
    question = _demo_question(raster)
    if not (raster.is_file() and question):
        print(f"Drawing a demo scene of {DEMO_SIDE_PX} × {DEMO_SIDE_PX} pixels…", flush=True)
        command = [str(ENGINE), "-m", "zoomearth", "scenes", str(DEMO_FOLDER), "--count", "1"]
        command += ["--seed", str(seed), "--size", str(DEMO_SIDE_PX)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            raise RunError("The demo scene could not be drawn, see above.")
        question = _demo_question(raster)
    if not question:
        raise RunError(f"Scene {seed} has no question that needs zooming: choose another with SEED=…")
    return raster, question


def _demo_question(raster: Path) -> str:
    """The question about a colour that the drawn scene came with; empty where there is none."""
    questions = raster.with_name("questions.jsonl")
    lines = questions.read_text(encoding="utf-8").splitlines() if questions.is_file() else []
    for row in map(json.loads, lines):
        if row["image_name"] == raster.name and row["category"] == "color/pattern":
            return row["question"]
    return ""


def chosen() -> Tuple[Path, str]:
    """The raster and the question to use.

    Raises:
        RunError: One of them is missing.
    """
    raster, question = os.environ.get("RASTER", ""), os.environ.get("QUESTION", "").strip()
    if not raster:
        scene, demo_question = demo(int(os.environ.get("SEED") or DEMO_SEED))
        return scene, question or demo_question
    path = Path(raster).expanduser().resolve()
    if not path.is_file():
        raise RunError(f"There is no raster {path}.")
    if not question:
        raise RunError('Ask something about it, too: make run RASTER=path QUESTION="…"')
    return path, question


def prepare_profile(folder: Path) -> None:
    """A QGIS profile with nothing but this plugin, installed as from its zip and switched on."""
    profile = folder / "profiles" / "default"
    stage(profile / "python" / "plugins" / NAME)
    (profile / "QGIS").mkdir(parents=True, exist_ok=True)
    for name in ("QGIS3.ini", "QGIS4.ini"):
        (profile / "QGIS" / name).write_text(_SETTINGS, encoding="utf-8")


def qgis_command(profiles: Path, driver: Path = DRIVER) -> List[str]:
    """Starts QGIS on the person's screen, or on one in memory where there is none.

    Raises:
        RunError: QGIS is not installed.
    """
    if shutil.which("qgis") is None:
        raise RunError("QGIS is not installed: `make setup` does it on Debian and Ubuntu.")
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    screen = [] if has_screen else ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24"]
    return [
        *screen,
        "qgis",
        "--nologo",
        "--noversioncheck",
        "--profiles-path",
        str(profiles),
        "--code",
        str(driver),
    ]


def drive(raster: Path, question: str) -> Dict:
    """Ask in QGIS; returns what its driver wrote.

    Raises:
        RunError: See :func:`in_qgis`.
    """
    return in_qgis(
        DRIVER, RUN_FOLDER, {"ZOOMEARTH_RUN_RASTER": str(raster), "ZOOMEARTH_RUN_QUESTION": question}
    )


def in_qgis(driver: Path, folder: Path, variables: Dict[str, str]) -> Dict:
    """Run QGIS to its end with a script inside; returns what that wrote to result.json.

    Args:
        driver: The script; finds ``folder`` in ``ZOOMEARTH_RUN_FOLDER``.
        folder: For its profile, its log and what it leaves.
        variables: Further variables of its environment.

    Raises:
        RunError: QGIS ended, or was ended, without a result.
    """
    profiles, log, result = folder / "profile", folder / "qgis.log", folder / "result.json"
    prepare_profile(profiles)
    environment = {
        **os.environ,
        **variables,
        "ZOOMEARTH_RUN_FOLDER": str(folder),
        "ZOOMEARTH_ENGINE_PYTHON": os.environ.get("ZOOMEARTH_ENGINE_PYTHON") or str(ENGINE),
    }
    for foreign in ("PYTHONHOME", "QT_QPA_PLATFORM", "QGIS_CUSTOM_CONFIG_PATH"):
        environment.pop(foreign, None)
    environment["PYTHONPATH"] = str(driver.parent)
    with log.open("wb") as output:
        process = subprocess.Popen(
            qgis_command(profiles, driver),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            raise RunError(f"QGIS had no answer after {LIMIT_S:.0f} s; its log is {log}.") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if not result.is_file():
        raise RunError(f"QGIS ended with status {status} before it answered; its log is {log}.")
    return json.loads(result.read_text(encoding="utf-8"))


def main() -> int:
    """Ask, and print the answer and where it lies."""
    try:
        raster, question = chosen()
        shutil.rmtree(RUN_FOLDER, ignore_errors=True)
        RUN_FOLDER.mkdir(parents=True)
        print(f"Asking about {raster}: {question}", flush=True)
        found = drive(raster, question)
        if "error" in found:
            error = found["error"]
            text = f"{error['message']} {error['hint']}" if isinstance(error, dict) else error
            raise RunError(f"The question failed: {text}")
        for name in ("answer.gpkg", "dock.png"):
            if not (RUN_FOLDER / name).is_file():
                raise RunError(
                    f"{RUN_FOLDER / name} was not written; QGIS's log is {RUN_FOLDER / 'qgis.log'}."
                )
    except (RunError, PackageError, ToolMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Answer: {found['answer']}")
    for warning in found.get("warnings", []):
        print(f"Note: {warning}")
    if "longest_stall_ms" in found:
        print(
            f"It took {found['waited_s']:.1f} s with the start of the engine; QGIS never stood still "
            f"for longer than {found['longest_stall_ms']:.0f} ms."
        )
    print(f"Its place on the map: {RUN_FOLDER / 'answer.gpkg'}\nThe window: {RUN_FOLDER / 'dock.png'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
