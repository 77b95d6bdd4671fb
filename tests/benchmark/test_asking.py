"""One question in every mode: what the model is shown, and what is kept of its answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmark_samples import lrs_gro_folder, zoom
from zoomearth.benchmark.asking import Asker
from zoomearth.benchmark.record import Mode
from zoomearth.core.errors import ModelIncompatibleError
from zoomearth.core.frames import PixelBox
from zoomearth.models.scripted import ScriptedEngine
from zoomearth.training.data.question import LabelledQuestion


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    folder = lrs_gro_folder(tmp_path_factory.mktemp("data"), 1)
    return folder / "images" / "tile_0.tif"


def question(image: Path, **changes) -> LabelledQuestion:
    values = {"box": PixelBox(1000, 600, 1010, 610), "level": "object", "type": "color/pattern"}
    return LabelledQuestion("7", image, "Which colour is it?", "red", **{**values, **changes})


def asker(*outputs: str, **changes) -> Asker:
    return Asker(ScriptedEngine("scripted", outputs), **changes)


def test_the_active_mode_may_zoom(image: Path) -> None:
    # The view is 512 x 256: four pixels each. 240-260 x 140-160 is 960-1040 x 560-640 of the image.
    record = asker(zoom(240, 140, 260, 160, answer="blue"), "<answer>red</answer>").record(
        question(image), image, "tile_0.tif", Mode.ACTIVE
    )
    assert (record.answer, record.is_strict, record.zooms) == ("red", True, 1)
    assert record.region == PixelBox(960, 560, 1040, 640)
    # Grown to 512 about (1000, 600), shifted up inside 1,024 rows.
    assert record.window == PixelBox(744, 344, 1256, 856)
    assert record.views == ((512, 256), (512, 512))
    assert record.extent == PixelBox(0, 0, 2048, 1024)
    assert record.image == "tile_0.tif" and record.error == ""
    assert record.output == f"{zoom(240, 140, 260, 160, answer='blue')}\n\n<answer>red</answer>"


def test_the_passive_mode_answers_from_the_overview(image: Path) -> None:
    record = asker(zoom(240, 140, 260, 160, answer="blue"), "<answer>red</answer>").record(
        question(image), image, "tile_0.tif", Mode.PASSIVE
    )
    assert (record.answer, record.is_strict, record.zooms) == ("blue", False, 0)
    assert record.views == ((512, 256),)
    assert record.window == PixelBox(0, 0, 2048, 1024)


def test_the_oracle_is_shown_the_true_place(image: Path) -> None:
    record = asker("<answer>red</answer>").record(question(image), image, "tile_0.tif", Mode.ORACLE)
    # 10 px about (1005, 605) grow to 512.
    assert record.window == PixelBox(749, 349, 1261, 861)
    assert record.views == ((512, 512),)
    assert record.zooms == 0 and record.is_strict
    assert record.extent == PixelBox(0, 0, 2048, 1024)


def test_a_true_place_larger_than_a_crop_is_shown_whole(image: Path) -> None:
    wide = question(image, box=PixelBox(100, 0, 1900, 100))
    record = asker("<answer>red</answer>").record(wide, image, "tile_0.tif", Mode.ORACLE)
    assert record.window == PixelBox(100, 0, 1900, 512)


def test_the_oracle_stays_inside_the_area_asked_about(image: Path) -> None:
    within = question(image, area=PixelBox(900, 500, 1200, 700))
    record = asker("<answer>red</answer>").record(within, image, "tile_0.tif", Mode.ORACLE)
    assert record.window == record.extent == PixelBox(900, 500, 1200, 700)


def test_an_oracle_without_a_place_is_a_mistake(image: Path) -> None:
    with pytest.raises(ValueError, match="no box"):
        asker("x").record(question(image, box=None), image, "tile_0.tif", Mode.ORACLE)


def test_what_befalls_one_question_is_recorded(image: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.tif"
    record = asker("<answer>red</answer>").record(question(image), gone, "gone.tif", Mode.ACTIVE)
    assert (record.error, record.answer, record.is_strict) == ("raster_unreadable", "", False)
    assert record.views == () and record.window is None


def test_an_area_outside_is_recorded(image: Path) -> None:
    outside = question(image, area=PixelBox(9000, 9000, 9100, 9100))
    record = asker("<answer>red</answer>").record(outside, image, "tile_0.tif", Mode.ACTIVE)
    assert record.error == "area_outside"


class Broken(ScriptedEngine):
    """A model that fails with every question."""

    def converse(self):
        raise ModelIncompatibleError("it does not fit")


def test_what_befalls_every_question_ends_the_run(image: Path) -> None:
    with pytest.raises(ModelIncompatibleError):
        Asker(Broken("broken", ())).record(question(image), image, "tile_0.tif", Mode.ACTIVE)


class Patched(ScriptedEngine):
    """An engine that snaps to merged patches of 28 px, as Qwen2.5-VL's processor does."""

    def processed_size(self, size: tuple[int, int]) -> tuple[int, int]:
        return max(1, round(size[0] / 28)) * 28, max(1, round(size[1] / 28)) * 28


def test_visual_tokens_are_merged_patches() -> None:
    patched = Asker(Patched("patched", ()))
    # Published: 324 for a square view of 512 px, 1,369 for one of 1,024.
    assert patched.visual_tokens(((512, 512),)) == 324
    assert patched.visual_tokens(((1024, 1024),)) == 1369
    assert patched.visual_tokens(((512, 256), (512, 512))) == 18 * 9 + 324


def test_an_engine_without_patches_cannot_say() -> None:
    assert asker("x").visual_tokens(((512, 512),)) is None
