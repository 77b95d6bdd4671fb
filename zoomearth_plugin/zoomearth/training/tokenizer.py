"""The word-level tokenizer of a small model: a token a word, a token a coordinate.

Words come from the questions that training asks; any other word is ``<unk>``, on which the model
learns to say that it cannot tell. Pieces of the protocol that always occur together are one token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

CANNOT_TELL = "I can't tell"
BOX_OPEN, BOX_MIDDLE, BOX_CLOSE = '[{"bbox_2d": [', '], "label": "', '"}]'
SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>",
    "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
PROTOCOL = ("<think>", "</think>", "<answer>", "</answer>", BOX_OPEN, BOX_MIDDLE, BOX_CLOSE, CANNOT_TELL)
_UNKNOWN = "<unk>"
_WORD = re.compile(r"[\w'-]+|[^\w\s]")


def build_tokenizer(wordings: Iterable[str], largest_coordinate: int) -> PreTrainedTokenizerFast:
    """A tokenizer that knows these words.

    Args:
        wordings: Texts; each word and sign of them becomes a token.
        largest_coordinate: Coordinates 0 … this are one token each, with consecutive ids.
    """
    words = sorted({word for text in wordings for word in _WORD.findall(text.lower().replace("<unk>", " "))})
    numbers = [str(value) for value in range(largest_coordinate + 1)]
    signs = [",", "?", ".", "\n", "user", "assistant"]
    vocabulary = ["<unk>", *numbers, *signs, *(w for w in words if not w.isdigit() and w not in signs)]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(vocabulary)}, unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\w'-]+|[^\w\s]|\n"), "removed", invert=True)
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])
    # They swallow the spaces around them, so any spacing in a person's own text gives the same tokens.
    tokenizer.add_tokens(
        [AddedToken(text, normalized=False, lstrip=True, rstrip=True) for text in (*PROTOCOL, "<unk>")]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=_UNKNOWN,
        pad_token=SPECIAL[0],
        eos_token=SPECIAL[2],
        model_max_length=4096,
        padding_side="right",
        clean_up_tokenization_spaces=False,
    )
