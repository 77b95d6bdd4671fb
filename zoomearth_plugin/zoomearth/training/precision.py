"""Where mixed precision pays."""

from __future__ import annotations

import torch

from ..core.errors import TrainingConfigError


def is_mixed(precision: str) -> bool:
    """Whether to compute in bfloat16 what may be.

    Args:
        precision: ``float32``, ``bfloat16``, or ``auto``: where the device is made for it. A processor
            without matrix tiles is slower with it.

    Raises:
        TrainingConfigError: It is asked for and the graphics device has none.
    """
    has_cuda = torch.cuda.is_available()
    if has_cuda:
        is_made_for_it = bool(torch.cuda.is_bf16_supported(including_emulation=False))
    else:
        is_made_for_it = bool(torch.cpu.get_capabilities().get("amx_bf16", False))
    if precision == "bfloat16" and has_cuda and not is_made_for_it:
        raise TrainingConfigError("this graphics device has no bfloat16; let precision be float32 or auto")
    return precision == "bfloat16" or (precision == "auto" and is_made_for_it)
