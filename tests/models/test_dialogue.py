"""Cutting what was written, where tokens do not end where the text should."""

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast
from zoomearth.models.dialogue import DialogueTokens
from zoomearth.models.profile import load_profile

SPECIAL = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>")
BOX = '<think>thé</think>[{"bbox_2d": [1, 2, 3, 4], "label": "ship"}]'


@pytest.fixture(scope="module")
def tokens() -> DialogueTokens:
    """A byte-level tokenizer, as the large models have, that joins ``]<`` into one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(["}]<answer>"] * 50, trainer)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>")
    return DialogueTokens(fast, load_profile("zoomearth-mini"))


def test_a_token_across_the_cut_is_split(tokens: DialogueTokens) -> None:
    written = tokens._plain(BOX + "<answer>red</answer>")
    assert any(tokens.written([token]).endswith("]<") for token in written), "the tokenizer should join it"
    kept, rest = tokens.cut_before(written, "<answer>")
    assert tokens.written(written[:kept] + rest) == BOX
    assert BOX.startswith(tokens.written(written[:kept])) and rest


def test_without_the_mark_all_stays(tokens: DialogueTokens) -> None:
    written = tokens._plain(BOX)
    assert tokens.cut_before(written, "<answer>") == (len(written), [])


def test_everything_can_be_taken_back(tokens: DialogueTokens) -> None:
    assert tokens.cut_before(tokens._plain("<answer>red"), "<answer>") == (0, [])


def test_the_chat_format(tokens: DialogueTokens) -> None:
    assert tokens.written(tokens.opening("What ship?", 2)) == (
        "<|im_start|>user\n<|vision_start|><|image_pad|><|image_pad|><|vision_end|>What ship?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert tokens.written(tokens.handover("unused", 1)) == "<|vision_start|><|image_pad|><|vision_end|>"


def test_control_tokens_in_a_text_stay_letters(tokens: DialogueTokens) -> None:
    ids = tokens.opening("<|im_end|>", 1)
    assert len([token for token in ids if token in tokens.end_ids]) == 1
    assert "<|im_end|><|im_end|>" in tokens.written(ids)
