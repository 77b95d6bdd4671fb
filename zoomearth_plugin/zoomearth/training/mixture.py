"""Which sample an index stands for: scenes, or labelled imagery."""

from __future__ import annotations

from functools import partial

from .config import SftConfig, Stage
from .samples import Sample, SampleMaker, scene_sample


def make_sampler(config: SftConfig, stage: Stage) -> SampleMaker:
    """The stage's mix; equal indices give equal samples."""
    return partial(_scene, config)


def _scene(config: SftConfig, index: int) -> Sample:
    return scene_sample(index, config.look)
