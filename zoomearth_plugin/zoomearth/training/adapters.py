"""Low-rank adapters of a run, by PEFT."""

from __future__ import annotations

from typing import Any

from peft import LoraConfig, PeftModel

from .run_settings import LoraSettings


def adapters(settings: LoraSettings | None, *, with_vision: bool) -> LoraConfig | None:
    """Adapters as PEFT wants them; None to train every weight.

    Args:
        settings: Of the run.
        with_vision: Whether the vision tower's layers of the same names get some, too.
    """
    if settings is None:
        return None
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(settings.target_modules),
        exclude_modules=None if with_vision else r".*\bvisual\..*",
        task_type="CAUSAL_LM",
    )


def bare_model(model: Any) -> Any:
    """The Qwen2.5-VL inside of a model that may have adapters."""
    return model.get_base_model() if isinstance(model, PeftModel) else model
