"""Qwen2.5-VL models of random weights with a tokenizer of their own, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from zoomearth.models.device import DeviceChoice
from zoomearth.models.processor import SnappingImageProcessor

CPU = DeviceChoice(torch.device("cpu"), torch.float32)

SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
WORDS = (
    "<unk>",
    "user",
    "assistant",
    "system",
    "ship",
    "red",
    "what",
    "answer",
    "now",
    "zoom",
    "]",
    "<answer>",
)


@contextmanager
def one_thread() -> Iterator[None]:
    """Models this small lose more to waking threads than they gain, many times over on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def save_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """A word-level tokenizer of a few words and the numbers 0 to 240."""
    words = [*WORDS, *(str(number) for number in range(241))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"<answer>|\w+|[^\w\s]|\n"), "removed", invert=True)
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<|endoftext|>", eos_token="<|im_end|>"
    )
    fast.save_pretrained(folder)
    return fast


def save_random_model(
    folder: Path,
    *,
    width: int = 64,
    layers: int = 2,
    vision_width: int = 32,
    patch_size: int = 14,
    seed: int = 0,
) -> Path:
    """Write a complete model folder; head size ``width / 4``, two key-value heads."""
    tokenizer = save_tokenizer(folder)
    SnappingImageProcessor(patch_size=patch_size, merge_size=2).save_pretrained(folder)
    half_head = width // 8
    ids = tokenizer.convert_tokens_to_ids
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": width,
            "intermediate_size": width * 3,
            "num_hidden_layers": layers,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10000.0,
                "mrope_section": [half_head - 2 * (half_head // 3), half_head // 3, half_head // 3],
            },
            "bos_token_id": None,
            "eos_token_id": ids("<|im_end|>"),
            "pad_token_id": ids("<|endoftext|>"),
        },
        vision_config={
            "depth": 4,
            "hidden_size": vision_width,
            "intermediate_size": vision_width * 3,
            "num_heads": 4,
            "out_hidden_size": width,
            "patch_size": patch_size,
            "spatial_merge_size": 2,
            "window_size": patch_size * 8,
            "fullatt_block_indexes": [1, 3],
        },
        image_token_id=ids("<|image_pad|>"),
        video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"),
        vision_end_token_id=ids("<|vision_end|>"),
        tie_word_embeddings=False,
    )
    torch.manual_seed(seed)
    model = Qwen2_5_VLForConditionalGeneration(config)
    # The usual start is so close to zero that every token is equally likely: spread the weights, so that
    # a wrong position or a wrong picture shows in the output.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(3.0)
    model.save_pretrained(folder)
    return folder
