"""Which device runs the model, in which number format: the best that is there and works."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import torch

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeviceChoice:
    """A device that was tried.

    Args:
        device: Where the weights go.
        dtype: Their format.
        warnings: What the person should know, each ``code: sentence``.
    """

    device: torch.device
    dtype: torch.dtype
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.device} {str(self.dtype).removeprefix('torch.')}"


def choose_device() -> DeviceChoice:
    """CUDA, else Apple's MPS, in bfloat16 (float16 where they lack it), else the CPU in float32.

    A card that is there but cannot compute (too new for this build of torch, driver broken) is not
    passed over in silence: the choice carries the warning ``gpu_unused``.
    """
    for candidate in _accelerators():
        failure = _trial(candidate)
        if failure is None:
            return candidate
        _log.warning("%s cannot compute: %s", candidate, failure)
        first_line = failure.splitlines()[0] if failure else "unknown reason"
        sentence = f"The graphics device ({candidate.device.type}) could not be used: {first_line}"
        return DeviceChoice(torch.device("cpu"), torch.float32, (f"gpu_unused: {sentence}",))
    return DeviceChoice(torch.device("cpu"), torch.float32)


def leave_a_core() -> None:
    """Compute on all cores but one, unless ``OMP_NUM_THREADS`` says otherwise.

    QGIS needs one to stay smooth. It is faster, too, wherever anything else runs: threads meet after
    every operation, and one that has lost its core keeps all the others waiting. Beside a busy process
    on two cores, a model of 7 million parameters took 0.3 s on one thread and 27 s on two.
    """
    if not os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(max(1, _cores() - 1))


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _accelerators() -> list[DeviceChoice]:
    found = []
    if torch.cuda.is_available():
        has_bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
        found.append(DeviceChoice(torch.device("cuda", 0), torch.bfloat16 if has_bfloat16 else torch.float16))
    elif torch.backends.mps.is_available():
        has_bfloat16 = torch.backends.mps.is_macos_or_newer(14, 0)
        found.append(DeviceChoice(torch.device("mps"), torch.bfloat16 if has_bfloat16 else torch.float16))
    return found


def _trial(choice: DeviceChoice) -> str | None:
    """Why a product of two small matrices fails there; None when it does not."""
    try:
        square = torch.ones(8, 8, device=choice.device, dtype=choice.dtype)
        is_right = float((square @ square).sum().item()) == 512.0
    except RuntimeError as error:
        return str(error)
    return None if is_right else "it computes wrong numbers"
