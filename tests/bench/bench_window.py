"""The main job in a real QGIS window: how long the first answer takes, and how smooth QGIS stays.

    python tests/bench/bench_window.py

Each round starts QGIS anew, presses Ask on the demo scene of 8,192 × 8,192 pixels, and beats a 5 ms timer
on the main thread from then until the answer's card is there.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import run

ROUNDS = 3


def main() -> None:
    raster, question = run.demo(run.DEMO_SEED)
    waits_s, stalls_ms = [], []
    for _ in range(ROUNDS):
        shutil.rmtree(run.RUN_FOLDER, ignore_errors=True)
        run.RUN_FOLDER.mkdir(parents=True)
        found = run.drive(raster, question)
        if "error" in found:
            raise SystemExit(f"the question failed: {found['error']}")
        waits_s.append(found["waited_s"])
        stalls_ms.append(found["longest_stall_ms"])
    print(
        f"first answer on the demo scene, start of the engine, loading and reading included: "
        f"{min(waits_s):.1f} to {max(waits_s):.1f} s in {ROUNDS} runs (at most 10)"
    )
    print(
        f"longest stall of QGIS's event loop meanwhile: "
        f"{min(stalls_ms):.0f} to {max(stalls_ms):.0f} ms in {ROUNDS} runs (at most 50)"
    )


if __name__ == "__main__":
    main()
