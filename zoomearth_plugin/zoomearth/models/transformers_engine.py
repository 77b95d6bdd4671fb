"""Runs any model of the Qwen2.5-VL architecture on this machine with transformers."""

from __future__ import annotations

import logging
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.utils import logging as transformers_logging

from ..core import errors
from ..core.progress import CancelToken, Progress, Report, Stage
from .conversation import CachedConversation, is_out_of_memory
from .device import DeviceChoice, choose_device, leave_a_core
from .dialogue import DialogueTokens
from .engine import LOADING_SHARE
from .features import PictureFeatures
from .processor import ImageTextProcessor, build_processor, snapped_side
from .profile import Profile
from .weights import ModelFolder

_log = logging.getLogger(__name__)


class TransformersEngine:
    """A model in memory.

    Args:
        model: In evaluation mode, on its device.
        processor: Its pictures and texts.
        profile: How it wants to be asked.
        revision: Which weights.
        choice: The device they are on.
    """

    def __init__(
        self,
        model: Qwen2_5_VLForConditionalGeneration,
        processor: ImageTextProcessor,
        *,
        profile: Profile,
        revision: str,
        choice: DeviceChoice,
    ) -> None:
        self.model = model
        self.profile = profile
        self.revision = revision
        self.device = str(choice)
        self.warnings = choice.warnings
        self._images = processor.image_processor
        self._tokens = DialogueTokens(processor.tokenizer, profile, model.generation_config)
        if self._tokens.image_id != model.config.image_token_id:
            raise errors.ModelIncompatibleError("the tokenizer and the model differ in their image token")

    def processed_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """See :class:`zoomearth.models.engine.Engine`."""
        factor_px = self._images.patch_size * self._images.merge_size
        width, height = (snapped_side(side_px, factor_px) for side_px in size)
        return width, height

    def converse(self, *, reuse: bool = True, features: PictureFeatures | None = None) -> CachedConversation:
        """Start a new question; see :class:`CachedConversation` for the arguments."""
        return CachedConversation(
            self.model, self._images, self._tokens, self.profile, reuse=reuse, features=features
        )


def load_transformers_engine(
    folder: ModelFolder,
    profile: Profile,
    *,
    report: Report,
    cancel: CancelToken,
    choice: DeviceChoice | None = None,
) -> TransformersEngine:
    """Load a checked folder.

    Args:
        folder: From :func:`zoomearth.models.weights.find_model`.
        profile: How to ask.
        report: Told when loading starts and ends.
        cancel: Looked at between the steps of loading.
        choice: Device and format; None for the best there is.

    Raises:
        ModelIncompatibleError: Damaged files, or weights that do not fit the configuration.
        OutOfMemoryError: The weights do not fit the device.
    """
    report(Progress(Stage.LOADING_MODEL, 0.0, profile.title))
    cancel.check()
    choice = choice or choose_device()
    if choice.device.type == "cpu":
        leave_a_core()
    try:
        processor = build_processor(folder.path)
        cancel.check()
        model = _load_model(folder, choice)
    except (ValueError, KeyError, TypeError, OSError, RuntimeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise errors.OutOfMemoryError(f"{profile.name} does not fit {choice}: {error}") from None
        raise errors.ModelIncompatibleError(
            f"{folder.path} cannot be loaded: {error}", "The model's files are damaged or of another model."
        ) from error
    cancel.check()
    _log.info("%s %s on %s", profile.name, folder.revision, choice)
    report(Progress(Stage.LOADING_MODEL, LOADING_SHARE, profile.title))
    return TransformersEngine(model, processor, profile=profile, revision=folder.revision, choice=choice)


def _load_model(folder: ModelFolder, choice: DeviceChoice) -> Qwen2_5_VLForConditionalGeneration:
    transformers_logging.disable_progress_bar()
    revision = folder.revision  # of no meaning for a folder, but a loader should never pick one itself
    loaded: Any = Qwen2_5_VLForConditionalGeneration.from_pretrained(
        str(folder.path),
        revision=revision,
        dtype=choice.dtype,
        attn_implementation="sdpa",
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
    )
    model: Qwen2_5_VLForConditionalGeneration = loaded[0]
    if loaded[1]["missing_keys"]:  # transformers would go on with random numbers in their place
        missing = sorted(loaded[1]["missing_keys"])
        raise ValueError(f"{len(missing)} weights are missing, {missing[0]} among them")
    model.train(False)
    torch.nn.Module.to(model, choice.device)
    return model
