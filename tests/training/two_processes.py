"""Starts a training in two processes, as people start it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# With --cpu, accelerate starts a second process through MPI only; --multi_gpu names its launcher, and
# processes that find no GPU meet over gloo.
_LAUNCH = """
-m accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no
--dynamo_backend no --main_process_port 0
""".split()


def launch(folder: Path, start: str, recipe: str) -> str:
    """Run both to their end; what they said.

    Args:
        folder: For the two files.
        start: A script that takes the recipe's path.
        recipe: A training file.
    """
    (folder / "start.py").write_text(start)
    (folder / "recipe.toml").write_text(recipe)
    command = [sys.executable, *_LAUNCH, str(folder / "start.py"), str(folder / "recipe.toml")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr
