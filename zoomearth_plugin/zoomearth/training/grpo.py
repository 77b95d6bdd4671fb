"""GRPO on TRL: a policy that looks, zooms if it wants to, and answers; paid for what came of it.

``zoomearth train grpo CONFIG.toml``; on many devices ``accelerate launch … -m zoomearth train grpo …``.
A killed run goes on from its last checkpoint with the loss curve of an undisturbed one.

TRL's trainer stays in charge: sampling of questions, advantages, loss, divergence from the reference
model, logging, checkpoints, adapters and devices are its own. Replaced are the seams at which its tool
calls pass, as no chat template places a picture inside the assistant's turn:

* ``_tokenize_prompts``: questions are opened as the product opens them;
* ``_generate_single_turn``: rollouts go through all their turns, zooms included (:mod:`.rollout`);
* ``_tool_call_loop``: tells which tokens are the policy's own, and hands over the pictures;
* ``_get_per_token_logps_and_entropies``: scores what the policy did given what the model was shown;
* ``_calculate_rewards``: of whole rollouts, not of texts.

Departures from the published training (arXiv 2511.12267): whether to zoom, and how often, is the
policy's choice, for questions with and without a box alike; the token that ends a turn in order to zoom
is a decision, and learned like any other.
"""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers.trainer_callback import PrinterCallback
from trl import GRPOTrainer
from trl.models import unwrap_model_for_generation

from ..core.errors import TrainingConfigError, TrainingDivergedError
from .adapters import adapters, bare_model
from .carrying_out import carry_out
from .checkpoints import DivergenceGuard, SafeCheckpoints, check_loss, diverged
from .grpo_config import GrpoConfig, read_grpo_config
from .grpo_metrics import ConsoleMetrics, reward_parts, rollout_metrics, without_empty
from .grpo_rollouts import Asking, Rollouts
from .grpo_setup import (
    Policy,
    load_policy,
    make_matches,
    open_source,
    run_record,
    trl_arguments,
)
from .leaving import leave
from .rewards import Matches
from .rollout_dialogue import shown_ids
from .rollout_pictures import share_pictures
from .rollout_sources import QuestionSource
from .speed import hasten_vision
from .zoom_tool import Looking

_LOG = logging.getLogger(__name__)


class ZoomTrainer(SafeCheckpoints, GRPOTrainer):
    """TRL's trainer with rollouts that zoom.

    Args:
        config: The run.
        source: Of the questions; the training set's prompts are their numbers.
        asking: How the policy is asked.
        matches: Which answers are right, for the reward.
        options: For TRL's trainer.
    """

    def __init__(
        self, config: GrpoConfig, source: QuestionSource, asking: Asking, matches: Matches, **options: Any
    ) -> None:
        self._config = config
        self._source = source
        self._asking = asking
        self._matches = matches
        self._rollouts: Rollouts
        super().__init__(**options)
        # After the constructor, which would want a chat template with tools; rollouts call it, not TRL.
        self.tools = [Looking.respond]

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """A step's rollouts; their images are open from here to the rewards."""
        numbers = [row["prompt"] for row in inputs]
        with Rollouts(self._source, numbers, self._asking) as self._rollouts:
            laid_out: dict[str, Any] = super()._generate_and_score_completions(inputs)
        return laid_out

    def _tokenize_prompts(self, prompts: list[int]) -> tuple[list[list[int]], None, dict[str, Any]]:
        return self._rollouts.prompt_ids, None, {}

    def _generate_single_turn(self, *_: Any, **__: Any) -> tuple[list[list[int]], None]:
        """All turns of all rollouts, on the weights of now."""
        with (
            unwrap_model_for_generation(
                self.model_wrapped,
                self.accelerator,
                gradient_checkpointing_kwargs=self.args.gradient_checkpointing_kwargs,
            ) as unwrapped,
            self.accelerator.autocast(),
            self._saying_what_is_kept(),
        ):
            self._rollouts.run(bare_model(unwrapped), self._streams())
        return self._rollouts.completion_ids, None

    def _tool_call_loop(
        self, prompts: Any, prompt_ids: Any, completion_ids: Any, completions: Any, *_: Any
    ) -> tuple[Any, ...]:
        """(own tokens, completions, their ids, no log-probabilities, zooms, failures, pictures)."""
        rollouts = self._rollouts
        zooms = sum(one.looking.outcome().zooms for one in rollouts.dialogues)
        return rollouts.own, completions, completion_ids, None, zooms, 0, rollouts.pictures

    def _calculate_rewards(
        self, inputs: list[dict[str, Any]], prompts: Any, completions: Any, completion_ids_list: Any
    ) -> torch.Tensor:
        """The total and its parts, (rollouts of all processes, parts)."""
        rollouts = self._rollouts
        outcomes = [one.looking.outcome() for one in rollouts.dialogues]
        questions = [rollouts.questions[number] for number in rollouts.numbers]
        for name, values in rollout_metrics(outcomes, questions).items():
            for value in values:
                self._log_metric(name, value)
        rewards = rollouts.rewards(self._config.rewards, self._matches)
        rows = [{**row, "rewards": one} for row, one in zip(inputs, rewards, strict=True)]
        scored: torch.Tensor = super()._calculate_rewards(rows, prompts, completions, completion_ids_list)
        return scored

    def _get_per_token_logps_and_entropies(self, model: Any, *arguments: Any, **options: Any) -> Any:
        """Of what the policy did, given what the model is shown; see :mod:`.rollout_dialogue`."""
        return super()._get_per_token_logps_and_entropies(
            functools.partial(self._score, model), *arguments, **options
        )

    def _score(self, model: Any, *, input_ids: torch.Tensor, **inputs: Any) -> Any:
        tokens = self._asking.tokens
        shown = shown_ids(input_ids, tokens.end_ids, tokens.image_id, self._asking.picture_start_id)
        return model(input_ids=shown, **inputs)

    def compute_loss(self, model: Any, inputs: Any, *arguments: Any, **options: Any) -> torch.Tensor:
        """TRL's loss; the run stops where it is no number."""
        loss: torch.Tensor = super().compute_loss(model, inputs, *arguments, **options)
        check_loss(loss, self)
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Means over the steps since the last time."""
        for mode, metrics in self._metrics.items():
            kept = without_empty(metrics)
            metrics.clear()
            self._metrics[mode].update(kept)
        super().log(logs, start_time)

    @contextmanager
    def _saying_what_is_kept(self) -> Iterator[None]:
        """Within: rollouts that diverge say which checkpoint is good."""
        try:
            yield
        except TrainingDivergedError as error:
            output = Path(self.args.output_dir)
            raise diverged(error.message, self.state.global_step, output) from error

    def _streams(self) -> list[np.random.Generator]:
        """Random numbers for each rollout, by step, question and place in its group, whatever ran before."""
        group = self._config.num_generations
        first = self.accelerator.process_index * len(self._rollouts.numbers)
        return [
            np.random.default_rng([self._config.seed, self.state.global_step, number, (first + row) % group])
            for row, number in enumerate(self._rollouts.numbers)
        ]

    def _send_telemetry(self) -> None:
        """Nothing about a run leaves the machine."""

    def create_model_card(self, *arguments: Any, **options: Any) -> None:
        """The library's card would say nothing of this model."""


def main(config_path: Path, changes: Sequence[str] = ()) -> int:
    """Run a training file to its end and export the policy."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    config = read_grpo_config(config_path, changes)
    policy = load_policy(config)
    trainer = build_trainer(config, policy, open_source(config))
    train(trainer, config, policy)
    leave()
    return 0


def build_trainer(config: GrpoConfig, policy: Policy, source: QuestionSource) -> ZoomTrainer:
    """A trainer before its first step.

    Raises:
        TrainingConfigError: Rollouts and processes do not go together, or WordNet is missing.
    """
    order = source.order(config.steps * config.batch, config.seed)
    if config.freeze_vision:
        policy.model.model.visual.requires_grad_(False)
    trainer = ZoomTrainer(
        config,
        source,
        policy.asking,
        make_matches(config.rewards),
        model=policy.model,
        args=trl_arguments(config, policy.asking),
        reward_funcs=reward_parts()[0],
        train_dataset=Dataset.from_dict({"prompt": order}),
        processing_class=policy.processor,
        peft_config=adapters(config.lora, with_vision=True),
        callbacks=[DivergenceGuard(), ConsoleMetrics()],
    )
    trainer.remove_callback(PrinterCallback)
    if trainer.is_fsdp_enabled or trainer._dist.is_zero3:
        raise TrainingConfigError("rollouts need whole weights in every process: use DeepSpeed's ZeRO 1 or 2")
    for model in (policy.model, trainer.ref_model):
        if model is not None:
            bare = trainer.accelerator.unwrap_model(model)
            if trainer.accelerator.device.type == "cpu":
                hasten_vision(bare)
            share_pictures(bare)
    return trainer


def train(trainer: ZoomTrainer, config: GrpoConfig, policy: Policy) -> None:
    """From the last checkpoint, where there is one, to the end, and export.

    Raises:
        TrainingDivergedError: Numbers that are none; the last good checkpoint is kept.
        DiskFullError: While saving; the last checkpoint is kept.
    """
    carry_out(trainer, policy, run_record(config, policy, trainer._source))
