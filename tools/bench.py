"""Runs every benchmark in tests/bench, one after the other, and prints what each prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run all, or those whose names hold ``ONLY``; fails when one failed, after all have run."""
    only = os.environ.get("ONLY", "")
    failed = []
    for script in sorted((ROOT / "tests" / "bench").glob("bench_*.py")):
        if only not in script.name:
            continue
        print(f"== {script.relative_to(ROOT)}", flush=True)
        if subprocess.run([sys.executable, str(script)], cwd=ROOT, check=False).returncode != 0:
            failed.append(script.name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
