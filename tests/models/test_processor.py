import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from random_model import save_tokenizer
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from zoomearth.models.processor import SnappingImageProcessor, build_processor, snapped_side


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("processor")
    save_tokenizer(path)
    SnappingImageProcessor(patch_size=12, merge_size=2).save_pretrained(path)
    return path


@pytest.mark.parametrize(
    ("side_px", "snapped_px"), [(512, 504), (504, 504), (1, 28), (41, 28), (43, 56), (1024, 1036)]
)
def test_a_side_snaps_to_whole_merged_patches(side_px: int, snapped_px: int) -> None:
    assert snapped_side(side_px, 28) == snapped_px


@pytest.mark.parametrize(
    ("rows", "columns", "grid"),
    [
        (240, 240, (20, 20)),
        (100, 250, (8, 20)),  # 100 px -> 96 = 8 patches; 250 px -> 240
        (3, 5, (2, 2)),  # smaller than one merged patch either way
        (1, 4000, (2, 334)),  # 4,000:1, which the stock bounds refuse; 4,000 px -> 4,008
        (2400, 2400, (200, 200)),  # five times what the stock bounds would leave
    ],
)
def test_pictures_keep_their_size(folder: Path, rows: int, columns: int, grid: tuple[int, int]) -> None:
    processor = build_processor(folder)
    picture = Image.fromarray(np.zeros((rows, columns, 3), dtype=np.uint8))
    made = processor(text=["user <|image_pad|> ship"], images=[picture], return_tensors="np")
    assert made["image_grid_thw"].tolist() == [[1, *grid]]
    tokens = grid[0] * grid[1] // 4
    assert made["mm_token_type_ids"].tolist() == [[0] + [1] * tokens + [0]]
    assert processor.image_processor.get_number_of_image_patches(rows, columns) == grid[0] * grid[1]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("settings", [{}, {"do_normalize": False}, {"do_rescale": False}, {"image_std": 0.5}])
@pytest.mark.parametrize(("rows", "columns"), [(240, 240), (100, 250)])  # the second is snapped
def test_numbers_are_those_of_the_stock_class(
    rows: int, columns: int, settings: dict[str, Any], dtype: type
) -> None:
    picture = np.random.default_rng(rows).integers(0, 256, (rows, columns, 3)).astype(dtype)
    own, stock = (
        processor(patch_size=12, merge_size=2, **settings)
        for processor in (SnappingImageProcessor, Qwen2VLImageProcessorPil)
    )
    made, expected = (
        processor(images=[picture], input_data_format="channels_last", return_tensors="np")
        for processor in (own, stock)
    )
    assert made["pixel_values"].dtype == expected["pixel_values"].dtype
    np.testing.assert_array_equal(made["pixel_values"], expected["pixel_values"])
    assert made["image_grid_thw"].tolist() == expected["image_grid_thw"].tolist()


def test_two_pictures_in_one_text_stand_where_their_placeholders_stand(folder: Path) -> None:
    processor = build_processor(folder)
    pictures = [Image.fromarray(np.full((side, 48, 3), 200, dtype=np.uint8)) for side in (48, 24)]
    made = processor(text=["<|image_pad|> ship <|image_pad|>"], images=pictures, return_tensors="np")
    assert made["mm_token_type_ids"].tolist() == [[1, 1, 1, 1, 0, 1, 1]]


def test_a_saved_folder_names_the_stock_class_and_no_code(folder: Path) -> None:
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    assert settings["image_processor_type"] == "Qwen2VLImageProcessor"
    assert "auto_map" not in settings
