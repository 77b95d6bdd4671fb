"""Which group of conversations an index stands for: about a scene, or about labelled imagery."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from .config import SftConfig, Stage
from .imagery import LabelledRaster, list_rasters
from .imagery_samples import imagery_group
from .samples import Group, GroupMaker
from .scene_samples import scene_group


def make_sampler(config: SftConfig, stage: Stage) -> GroupMaker:
    """The stage's mix; equal indices give equal groups.

    Raises:
        ZoomEarthError: The stage wants imagery and there is none.
    """
    rasters: tuple[LabelledRaster, ...] = ()
    if stage.imagery_share > 0:
        rasters = tuple(list_rasters(Path(config.imagery), held_out=False))
    return partial(_mixed, config, stage.imagery_share, rasters)


def _mixed(config: SftConfig, share: float, rasters: tuple[LabelledRaster, ...], index: int) -> Group:
    if share > 0 and np.random.default_rng([index, 80]).random() < share:
        return imagery_group(index, rasters, config.look)
    return scene_group(index, config.look)
