"""What a GRPO run needs before its first step; whatever is missing is missed here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.utils import logging as transformers_logging
from trl import GRPOConfig as TrlConfig

from ..core.errors import ModelIncompatibleError, TrainingConfigError
from ..models.dialogue import DialogueTokens
from ..models.loading import resolve_profile
from ..models.processor import ImageTextProcessor, build_processor
from ..models.profile import Profile
from ..models.weights import find_model
from .carrying_out import common_arguments
from .data.reading import data_source, read_questions
from .grpo_config import DataSettings, GrpoConfig
from .grpo_metrics import reward_parts
from .grpo_rollouts import Asking
from .matching import WordNet, is_strict_match
from .rewards import Matches, RewardSettings
from .rollout_pictures import PatchJoiner
from .rollout_sources import MixedQuestions, QuestionSource, RasterQuestions, SceneQuestions
from .run_record import RunRecord
from .run_settings import MAY_CHANGE
from .scenes import FIRST_UNSEEN_SEED
from .zoom_tool import LookRules


@dataclass(frozen=True)
class Policy:
    """A model to train and how it is asked.

    Args:
        model: In float32, on the processor.
        processor: Takes pictures that are cut into patches, too.
        asking: How it is asked in rollouts.
        revision: Which weights.
    """

    model: Any
    processor: ImageTextProcessor
    asking: Asking
    revision: str

    @property
    def profile(self) -> Profile:
        return self.asking.rules.profile


def load_policy(config: GrpoConfig) -> Policy:
    """The base model.

    Raises:
        ModelMissingError: No such folder, or one that lacks files.
        ModelIncompatibleError: Another architecture, or damaged.
        WeightsUnsafeError: Pickled weights, or code of its own.
        TrainingConfigError: A view that the model cannot name places in.
    """
    transformers_logging.disable_progress_bar()
    folder = find_model(config.base)
    profile = resolve_profile(config.profile or config.base)
    plain = build_processor(folder.path)
    joiner = PatchJoiner.from_pretrained(str(folder.path), local_files_only=True)
    tokenizer = plain.tokenizer
    model = _load_model(folder.path)
    tokens = DialogueTokens(tokenizer, profile, model.generation_config)
    if tokens.image_id != model.config.image_token_id:
        raise ModelIncompatibleError("the tokenizer and the model differ in their image token")
    side_px = config.view_side_px or profile.view_side_px
    if profile.largest_view_px and side_px > profile.largest_view_px:
        raise TrainingConfigError(f"{profile.name} sees {profile.largest_view_px} px at most, not {side_px}")
    max_new_tokens = config.max_new_tokens or profile.max_new_tokens
    factor_px = joiner.patch_size * joiner.merge_size
    _check_length(model.config, config.max_zooms, (side_px // factor_px + 1) ** 2 + max_new_tokens)
    rules = LookRules(profile, side_px, config.max_zooms, factor_px)
    asking = Asking(
        tokens=tokens,
        images=joiner,
        rules=rules,
        pad_id=tokenizer.pad_token_id,
        picture_start_id=model.config.vision_start_token_id,
        max_new_tokens=max_new_tokens,
        temperature=config.temperature,
    )
    return Policy(model, ImageTextProcessor(joiner, tokenizer), asking, folder.revision)


def _load_model(folder: Path) -> Any:
    made: Any = Qwen2_5_VLForConditionalGeneration.from_pretrained(  # nosec B615 # a folder, never the hub
        str(folder),
        dtype=torch.float32,
        attn_implementation="sdpa",
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
    )
    model, report = made
    if report["missing_keys"]:  # the loader would go on with random numbers in their place
        missing = sorted(report["missing_keys"])
        raise ModelIncompatibleError(f"{folder} lacks {len(missing)} weights, {missing[0]} among them")
    return model


def open_source(config: GrpoConfig) -> QuestionSource:
    """The questions of all data sets.

    Raises:
        DataInvalidError: Bad rows, or none.
    """
    sources = [_open(one) for one in config.data]
    return sources[0] if len(sources) == 1 else MixedQuestions(sources, [one.share for one in config.data])


def _open(data: DataSettings) -> QuestionSource:
    if data.is_drawn:
        count = FIRST_UNSEEN_SEED - data.first_index
        return SceneQuestions(data.first_index, count, data.size_px)
    named = {"kind": data.kind, "path": data.source, "images": data.images, "split": data.split}
    counted = {"count": data.count} if data.kind == "imagery" else {}
    return RasterQuestions(read_questions(data_source({**named, **counted})))


def make_matches(settings: RewardSettings) -> Matches:
    """The scoring that the settings name.

    Raises:
        TrainingConfigError: WordNet is wanted and not installed.
    """
    if settings.answer_match == "strict":
        return is_strict_match
    wordnet = WordNet.find()
    if wordnet is None:
        raise TrainingConfigError(
            "rewards.answer_match is wordnet, and there is none here",
            "Install WordNet 3.0 (Debian: wordnet-base), or let answer_match be strict.",
        )
    return wordnet.is_match


def trl_arguments(config: GrpoConfig, asking: Asking) -> TrlConfig:
    """The run as TRL's own configuration.

    Raises:
        TrainingConfigError: The rollouts of a step cannot be shared among the processes.
    """
    return TrlConfig(
        **common_arguments(config),
        max_steps=config.steps,
        gradient_accumulation_steps=_passes(config),
        num_generations=config.num_generations,
        max_completion_length=asking.max_new_tokens * (config.max_zooms + 1),
        temperature=config.temperature,
        beta=config.beta,
        loss_type=config.loss_type,
        scale_rewards=config.scale_rewards,
        epsilon=config.epsilon,
        reward_weights=reward_parts()[1],
        shuffle_dataset=False,  # the numbers stand in the order in which they are asked
        log_multimodal=False,
    )


def _passes(config: GrpoConfig) -> int:
    """Forward and backward passes of each process in a step."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    passes, rest = divmod(config.rollouts, config.rows_per_device * processes)
    if rest:
        raise TrainingConfigError(
            f"{config.rollouts} rollouts a step cannot be shared by {processes} processes in passes of "
            f"{config.rows_per_device} rows"
        )
    return passes


def run_record(config: GrpoConfig, policy: Policy, source: QuestionSource) -> RunRecord:
    """What tells this run from another."""
    return RunRecord(
        config,
        MAY_CHANGE,
        policy.revision,
        policy.profile.name,
        source.fingerprint(),
        {"questions": config.steps * config.batch},
    )


def _check_length(config: Any, max_zooms: int, turn_tokens: int) -> None:
    """Raises TrainingConfigError where the longest rollout has more tokens than the model has positions."""
    longest, limit = (max_zooms + 1) * turn_tokens, config.get_text_config().max_position_embeddings
    if longest > limit:
        raise TrainingConfigError(
            f"{max_zooms} zooms may take {longest} tokens, and the model has {limit} positions"
        )
