from pathlib import Path

import pytest
from zoomearth.core.errors import ModelIncompatibleError, ModelMissingError
from zoomearth.models.profile import BoxFrame, Handover, list_profiles, load_profile

MINIMAL = """
[weights]
architecture = "{architecture}"
folder = "weights"
licence = "MIT"
allows_commercial_use = true
[asking]
view_side_px = {side}
minimum_crop_px = 512
box_frame = "per_mille"
handover = "user_turn"
max_new_tokens = 8
[prompt]
zoom = "{{question}} zoom"
answer = "{{question}}"
"""


def test_shipped_profiles_are_listed_by_name() -> None:
    names = [profile.name for profile in list_profiles()]
    assert names == sorted(names)
    assert {"zoomearth-mini", "zoomearth-3b", "qwen2.5-vl-7b-instruct"} <= set(names)


def test_the_embedded_model_is_a_folder_beside_its_profile() -> None:
    mini = load_profile("zoomearth-mini")
    assert Path(mini.source).name == "zoomearth-mini"
    assert Path(mini.source).parent.name == "models"
    assert (mini.view_side_px, mini.minimum_crop_px, mini.max_new_tokens) == (240, 120, 96)
    assert mini.magnification == 4
    assert mini.handover is Handover.ASSISTANT_TURN


def test_every_profile_that_uses_the_users_turn_has_texts_for_it() -> None:
    for profile in list_profiles():
        assert "{question}" in profile.prompt.zoom and "{question}" in profile.prompt.answer
        if profile.handover is Handover.USER_TURN:
            assert "{question}" in profile.prompt.next_turn and "{question}" in profile.prompt.last_turn


def test_a_non_commercial_model_says_so() -> None:
    published = load_profile("zoomearth-3b")
    assert published.source == "HappyBug/ZoomEarth-3B"
    assert not published.allows_commercial_use


def test_a_profile_file_is_read_and_its_folder_is_relative_to_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINIMAL.format(architecture="qwen2_5_vl", side=512))
    mine = load_profile(path)
    assert (mine.name, mine.source, mine.box_frame) == (
        "mine",
        str(tmp_path.resolve() / "weights"),
        BoxFrame.PER_MILLE,
    )
    assert mine.magnification == 1


@pytest.mark.parametrize(
    "text",
    [
        "not toml at all [",
        MINIMAL.format(architecture="llama", side=512),
        MINIMAL.format(architecture="qwen2_5_vl", side=0),
        MINIMAL.format(architecture="qwen2_5_vl", side=512).replace("per_mille", "furlongs"),
        MINIMAL.format(architecture="qwen2_5_vl", side=512).replace(
            "[prompt]", "magnification = 0.5\n[prompt]"
        ),
        MINIMAL.format(architecture="qwen2_5_vl", side=512).replace(
            "[prompt]", "magnification = 17\n[prompt]"
        ),
        MINIMAL.format(architecture="qwen2_5_vl", side=512) + 'greeting = "hello"\n',
    ],
)
def test_a_wrong_profile_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ModelIncompatibleError):
        load_profile(path)


@pytest.mark.parametrize("name", ["no-such-model", "../models/zoomearth-mini", "/nowhere/at/all.toml"])
def test_an_unknown_profile_is_missing(name: str) -> None:
    with pytest.raises(ModelMissingError):
        load_profile(name)
