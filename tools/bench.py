"""Runs every benchmark in tests/bench, one after the other, and prints what each prints.

bench_qgis_*.py run in the tests' QGIS environment and a window in memory, all others in the engine's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parents[1]
_SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24"]


def command(script: Path) -> List[str]:
    """How a benchmark is started."""
    if script.name.startswith("bench_qgis_"):
        return [*_SCREEN, str(ROOT / ".venv-qgis" / "bin" / "python"), str(script)]
    return [str(ROOT / ".venv" / "bin" / "python"), str(script)]


def main() -> int:
    """Run all, or those whose names hold ``ONLY``; fails when one failed, after all have run."""
    only = os.environ.get("ONLY", "")
    failed = []
    for script in sorted((ROOT / "tests" / "bench").glob("bench_*.py")):
        if only not in script.name:
            continue
        print(f"== {script.relative_to(ROOT)}", flush=True)
        if subprocess.run(command(script), cwd=ROOT, check=False).returncode != 0:
            failed.append(script.name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
