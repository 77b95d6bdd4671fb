"""A rollout's tokens, worked by hand: what the model is shown, what the policy did, what is its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_rollout_policy import (
    answer_text,
    labelled,
    play,
    run_config,
    zoom_text,
)
from zoomearth.models.dialogue import DialogueTokens
from zoomearth.models.profile import Handover
from zoomearth.training.grpo_rollouts import Asking
from zoomearth.training.grpo_setup import Policy, load_policy
from zoomearth.training.rollout_dialogue import Dialogue, shown_ids
from zoomearth.training.rollout_sources import RasterQuestions
from zoomearth.training.zoom_tool import Looking

OVERVIEW_TOKENS = 4  # 48 × 38 snaps to 48 × 48: 2 × 2
ZOOM = zoom_text((8, 8, 24, 24))


@pytest.fixture(scope="module")
def policy(policy_folder, rasters) -> Policy:
    return load_policy(run_config(policy_folder, rasters, policy_folder))


def played(policy: Policy, rasters, texts: list[str], asking: Asking | None = None) -> Dialogue:
    questions = RasterQuestions(labelled(rasters))
    asking = asking or policy.asking
    with questions.image(0) as image:
        looking = Looking(questions.question(0).question, image.extent, asking.rules)
        return play(asking, looking, image, texts, policy.processor.tokenizer)


def words(policy: Policy, ids: list[int]) -> list[str]:
    return policy.processor.tokenizer.convert_ids_to_tokens(ids)


def owned(policy: Policy, dialogue: Dialogue) -> list[str]:
    """The policy's own targets."""
    return words(policy, [target for target, own in zip(dialogue.targets, dialogue.own, strict=True) if own])


def in_user_turns(asking: Asking, policy: Policy) -> Asking:
    """The same asking for a model that gets zoomed pictures in a new turn of the user's."""
    profile = replace(asking.rules.profile, handover=Handover.USER_TURN)
    tokens = DialogueTokens(policy.processor.tokenizer, profile)
    return replace(asking, tokens=tokens, rules=replace(asking.rules, profile=profile))


THINK = ["<think>", "ship", "</think>"]
BOX = ['[{"bbox_2d": [', "8", ",", "8", ",", "24", ",", "24", '], "label": "', "ship", '"}]']
ANSWER = [*THINK, "<answer>", "red", "</answer>"]
PICTURE = ["<|vision_start|>", *["<|image_pad|>"] * OVERVIEW_TOKENS, "<|vision_end|>"]
ASKED = ["what", "colour", "is", "the", "ship", "?", "zoom", "if", "needed", "."]


def test_a_zoom_and_an_answer_token_by_token(policy, rasters) -> None:
    dialogue = played(policy, rasters, [ZOOM, answer_text("red")])
    opening = [
        "<|im_start|>",
        "user",
        "\n",
        *PICTURE,
        *ASKED,
        "<|im_end|>",
        "\n",
        "<|im_start|>",
        "assistant",
        "\n",
    ]
    assert words(policy, dialogue.ids[: dialogue.prompt_length]) == opening
    shown = words(policy, dialogue.ids[dialogue.prompt_length :])
    assert shown == [*THINK, *BOX, *PICTURE, *ANSWER, "<|im_end|>"]
    did = words(policy, dialogue.targets[dialogue.prompt_length :])
    assert did == [*THINK, *BOX, "<|im_end|>", *PICTURE[1:], *ANSWER, "<|im_end|>"]
    assert owned(policy, dialogue) == [*THINK, *BOX, "<|im_end|>", *ANSWER, "<|im_end|>"]


def test_an_answer_that_came_before_the_look_is_taken_back(policy, rasters) -> None:
    """The turn goes on with the picture; that it did was not the policy's choice."""
    dialogue = played(policy, rasters, [ZOOM + "<answer>no</answer>", answer_text("red")])
    shown = words(policy, dialogue.ids[dialogue.prompt_length :])
    assert shown == [*THINK, *BOX, *PICTURE, *ANSWER, "<|im_end|>"]
    assert dialogue.targets == dialogue.ids
    assert owned(policy, dialogue) == [*THINK, *BOX, *ANSWER, "<|im_end|>"]


def test_pictures_in_turns_of_the_user(policy, rasters) -> None:
    dialogue = played(policy, rasters, [ZOOM, answer_text("red")], in_user_turns(policy.asking, policy))
    # The window is 107 × 107 px, more than the minimum crop: it may zoom again.
    prompt = ["zoom", "if", "needed", ".", "<|im_end|>"]
    said = ["<|im_end|>", "\n", "<|im_start|>", "user", "\n", *PICTURE, *prompt]
    shown = words(policy, dialogue.ids[dialogue.prompt_length :])
    assert shown == [*THINK, *BOX, *said, "\n", "<|im_start|>", "assistant", "\n", *ANSWER, "<|im_end|>"]
    assert dialogue.targets == dialogue.ids
    assert owned(policy, dialogue) == [*THINK, *BOX, "<|im_end|>", *ANSWER, "<|im_end|>"]


def test_another_end_of_the_turn_is_no_target_where_it_is_not_shown(policy, rasters) -> None:
    asking = in_user_turns(policy.asking, policy)
    asking.tokens.end_ids |= {policy.processor.tokenizer.pad_token_id}
    questions = RasterQuestions(labelled(rasters))
    with questions.image(0) as image:
        dialogue = Dialogue(asking.tokens, Handover.USER_TURN, Looking("what ?", image.extent, asking.rules))
        dialogue.open(played(policy, rasters, []).pictures[0])
        for token in policy.processor.tokenizer(ZOOM, add_special_tokens=False).input_ids:
            assert dialogue.write(token, 0.0)
        assert not dialogue.write(policy.processor.tokenizer.pad_token_id, 0.0)
        assert dialogue.respond() is not None
    dialogue.hand_over(dialogue.pictures[0])
    assert owned(policy, dialogue) == [*THINK, *BOX]


def test_a_turn_that_ran_into_the_limit_has_no_end_to_learn(policy, rasters) -> None:
    questions = RasterQuestions(labelled(rasters))
    with questions.image(0) as image:
        looking = Looking("what ?", image.extent, policy.asking.rules)
        dialogue = Dialogue(policy.asking.tokens, Handover.ASSISTANT_TURN, looking)
        dialogue.open(played(policy, rasters, []).pictures[0])
        for token in policy.processor.tokenizer(answer_text("red"), add_special_tokens=False).input_ids:
            dialogue.write(token, 0.0)
        assert dialogue.respond() is None
    assert owned(policy, dialogue) == ANSWER
    assert looking.outcome().truncated and looking.outcome().answer == "red"


def test_targets_say_what_was_shown(policy, rasters) -> None:
    """Whatever the policy did; rows of different lengths are padded at both sides."""
    again = zoom_text((0, 0, 40, 40))
    plays = [
        [ZOOM, again, answer_text("red")],
        [answer_text("red")],
        [ZOOM + "<answer>no</answer>", answer_text("no")],
    ]
    askings = [policy.asking, in_user_turns(policy.asking, policy)]
    pad = policy.processor.tokenizer.pad_token_id
    for asking in askings:
        dialogues = [played(policy, rasters, texts, asking) for texts in plays]
        longest = max(len(one.ids) for one in dialogues) + 2
        for name in ("left", "right"):
            rows = {
                kind: [_padded(getattr(one, kind), longest, pad, name) for one in dialogues]
                for kind in ("ids", "targets")
            }
            tokens = asking.tokens
            start = policy.asking.picture_start_id
            shown = shown_ids(torch.tensor(rows["targets"]), tokens.end_ids | {pad}, tokens.image_id, start)
            assert shown.tolist() == rows["ids"]


def _padded(ids: list[int], length: int, pad: int, side: str) -> list[int]:
    padding = [pad] * (length - len(ids))
    return padding + ids if side == "left" else ids + padding


def test_twins_share_the_opening_alone(policy, rasters) -> None:
    first = played(policy, rasters, [ZOOM, answer_text("red")])
    twin = first.opened_like(Looking("what colour", first.looking.view.window, policy.asking.rules))
    assert twin.ids == first.ids[: first.prompt_length] and twin.own == [0] * first.prompt_length
    assert twin.pictures == first.pictures[:1] and len(first.pictures) == 2
    assert np.array_equal(twin.pictures[0].grid, [[1, 4, 4]])
