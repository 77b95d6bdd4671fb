import json
from pathlib import Path

import numpy as np
import pytest
from zoomearth.core.errors import Cancelled, ModelIncompatibleError, ModelMissingError
from zoomearth.core.progress import CancelToken, ignore_progress
from zoomearth.models.loading import load_engine

PIXELS = np.zeros((4, 4, 3), dtype=np.uint8)


def write(path: Path, content: object) -> str:
    path.write_text(json.dumps(content))
    return f"scripted:{path}"


def test_a_script_is_played_back_from_its_start_for_every_question(tmp_path: Path) -> None:
    model = write(tmp_path / "two.json", ["first\nsecond line", "then"])
    engine = load_engine(model, report=ignore_progress, cancel=CancelToken())
    assert (engine.profile.view_side_px, engine.profile.minimum_crop_px) == (512, 512)
    for _ in range(2):
        told: list[str] = []
        conversation = engine.converse()
        turns = [conversation.turn(PIXELS, "", on_token=told.append, cancel=CancelToken()) for _ in range(3)]
        assert turns == ["first\nsecond line", "then", ""]
        assert "".join(told) == "".join(turns)


def test_a_playback_can_be_stopped(tmp_path: Path) -> None:
    engine = load_engine(write(tmp_path / "one.json", ["text"]), report=ignore_progress, cancel=CancelToken())
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        engine.converse().turn(PIXELS, "", on_token=lambda _: None, cancel=cancel)


@pytest.mark.parametrize("content", [{"a": 1}, ["text", 3], "text"])
def test_what_is_no_list_of_texts_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(ModelIncompatibleError):
        load_engine(write(tmp_path / "bad.json", content), report=ignore_progress, cancel=CancelToken())


def test_a_script_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError):
        load_engine(f"scripted:{tmp_path / 'none.json'}", report=ignore_progress, cancel=CancelToken())
