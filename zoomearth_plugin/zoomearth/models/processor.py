"""Pictures and text for the Qwen2.5-VL family, without torchvision and without video.

Departures from the stock processor:

* It takes no video processor, for which the stock one wants torchvision.
* A picture is only ever *snapped*: each side goes to the nearest whole number of merged patches, at
  least one. The stock bounds on the number of pixels would blow a small view up and shrink a large
  one, and refuse a strip of more than 200:1, all behind the back of whoever chose the view. A strip
  thinner than one merged patch is stretched across to fill it.
* The numbers are the same, but each is worked out once for a byte and not once for a pixel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import BatchFeature, PreTrainedTokenizerFast
from transformers.image_utils import SizeDict
from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.processing_utils import ProcessorMixin

IMAGE_TOKEN = "<|image_pad|>"  # nosec B105 # a sign in the text, no password
VIDEO_TOKEN = "<|video_pad|>"  # nosec B105 # a sign in the text, no password
_BYTES = np.arange(256, dtype=np.uint8)


def snapped_side(side_px: int, factor_px: int) -> int:
    """The nearest multiple of ``factor_px``, at least one; halves go to the even multiple."""
    return max(1, round(side_px / factor_px)) * factor_px


class SnappingImageProcessor(Qwen2VLImageProcessorPil):
    """Snaps each side of a picture to whole merged patches and changes its size no further."""

    def resize(  # type: ignore[override]  # as the stock class does, which passes ``factor`` itself
        self, image: NDArray[Any], size: SizeDict, resample: Any, factor: int, **kwargs: Any
    ) -> NDArray[Any]:
        """(channels, rows, columns) to the same with both sides snapped; ``size`` is not looked at."""
        rows, columns = image.shape[-2:]
        target = SizeDict(height=snapped_side(rows, factor), width=snapped_side(columns, factor))
        if image.dtype == np.uint8 and (rows, columns) == (target.height, target.width):
            return image
        # The parent's own resize would apply the bounds again: step over it.
        resized = super(Qwen2VLImageProcessorPil, self).resize(image=image, size=target, resample=resample)
        return np.asarray(resized)

    def _preprocess(  # type: ignore[override]  # as the stock class calls it, by names
        self, images: list[NDArray[Any]], *, do_resize: bool, return_tensors: Any, **settings: Any
    ) -> BatchFeature:
        """See the stock class: sizes, then numbers, then patches."""
        sizes = {name: settings[name] for name in ("patch_size", "merge_size", "temporal_patch_size")}
        if do_resize:
            factor = sizes["patch_size"] * sizes["merge_size"]
            images = [self.resize(image, settings["size"], settings["resample"], factor) for image in images]
        numbers = [self._numbers(image, **settings) for image in images]
        made = [self.patchify(image, **sizes) for image in numbers]
        # A single picture, which is the rule, is not copied once more.
        values = made[0][0] if len(made) == 1 else np.concatenate([patches for patches, _, _ in made])
        grids = np.array([(1, rows, columns) for _, rows, columns in made], np.int64)
        return BatchFeature({"pixel_values": values, "image_grid_thw": grids}, tensor_type=return_tensors)

    def _numbers(self, image: NDArray[Any], **settings: Any) -> NDArray[Any]:
        """What the model sees of (channels, rows, columns)."""
        is_long = image.dtype == np.uint8 and image[0].size > _BYTES.size
        looked_at = np.tile(_BYTES, (len(image), 1, 1)) if is_long else image
        if settings["do_rescale"]:
            looked_at = self.rescale(looked_at, settings["rescale_factor"])
        if settings["do_normalize"]:
            looked_at = self.normalize(looked_at, settings["image_mean"], settings["image_std"])
        if not is_long:
            return looked_at
        return np.stack([own.take(band) for own, band in zip(looked_at[:, 0], image, strict=True)])

    def get_number_of_image_patches(
        self, height: int, width: int, images_kwargs: dict[str, Any] | None = None
    ) -> int:
        """Patches, before merging, of a picture of that size."""
        factor = self.patch_size * self.merge_size
        rows, columns = snapped_side(height, factor), snapped_side(width, factor)
        return (rows // self.patch_size) * (columns // self.patch_size)

    def to_dict(self) -> dict[str, Any]:
        """Settings as the stock processor writes them, so that other programs can read a saved folder."""
        settings: dict[str, Any] = super().to_dict()
        settings["image_processor_type"] = "Qwen2VLImageProcessor"
        return settings


class ImageTextProcessor(Qwen2_5_VLProcessor):
    """Qwen2.5-VL's processor for pictures and text only."""

    def __init__(
        self,
        image_processor: SnappingImageProcessor,
        tokenizer: PreTrainedTokenizerFast,
        chat_template: str | None = None,
    ) -> None:
        self.image_token, self.video_token = IMAGE_TOKEN, VIDEO_TOKEN
        self.image_token_id = tokenizer.convert_tokens_to_ids(IMAGE_TOKEN)
        self.video_token_id = tokenizer.convert_tokens_to_ids(VIDEO_TOKEN)
        # The parent's constructor asks for a video processor: step over it.
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


def build_processor(folder: Path | str) -> ImageTextProcessor:
    """The processor of a folder that holds ``tokenizer.json`` and ``preprocessor_config.json``.

    The classes are named here and not read from the folder, so nothing in it chooses code.
    """
    source = str(folder)
    revision = "main"  # of no meaning for a folder; named so that no loader ever picks one itself
    tokenizer = PreTrainedTokenizerFast.from_pretrained(source, revision=revision, local_files_only=True)
    images = SnappingImageProcessor.from_pretrained(source, revision=revision, local_files_only=True)
    return ImageTextProcessor(images, tokenizer, chat_template=tokenizer.chat_template)
