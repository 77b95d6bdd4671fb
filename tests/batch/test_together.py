"""Questions that are asked at the same time get the answers that they get alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from batch_samples import Ended, table_of, write_jobs
from zoomearth.training.scenes.layout import make_scene
from zoomearth.training.scenes.writing import write_scene

QUESTIONS = (
    "What season is it?",
    "How many ships are there?",
    "Is there an airport?",
    "What is the large building in the middle used for?",
    "Where is the lake?",
    "Is this a city or the countryside?",
)


@pytest.mark.slow
def test_the_embedded_model_says_the_same(batch: Callable[..., Ended], tmp_path: Path) -> None:
    for seed in (2_900_001, 2_900_002):
        write_scene(make_scene(seed, 1024), tmp_path / f"{seed}.tif")
    write_jobs(
        tmp_path / "jobs.csv",
        (
            {"raster": f"{seed}.tif", "question": question}
            for question in QUESTIONS
            for seed in (2_900_001, 2_900_002)
        ),
    )
    for together in ("1", "8"):
        call = ("--output", f"{together}.gpkg", "--table", f"{together}.csv", "--together", together)
        ended = batch("jobs.csv", *call, "--json")
        assert (ended.status, ended.json["answered"]) == (0, 12)
    assert table_of(tmp_path / "1.csv") == table_of(tmp_path / "8.csv")
    assert len({row["answer"] for row in table_of(tmp_path / "1.csv")}) > 1
