"""``zoomearth models``, ``--version`` and ``--help``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_samples import Ended

Run = Callable[..., Ended]
ROOT = Path(__file__).resolve().parents[2]
SHIPPED = {path.stem for path in (ROOT / "resources" / "models").glob("*.toml")}


def test_version_is_that_of_the_metadata(run: Run) -> None:
    (version,) = re.findall(r"(?m)^version=(\S+)$", (ROOT / "metadata.txt").read_text())
    ended = run("--version")
    assert (ended.status, ended.out, ended.err) == (0, f"zoomearth {version}\n", "")


@pytest.mark.parametrize("command", [(), ("ask",), ("models",)])
def test_help(run: Run, command: tuple[str, ...]) -> None:
    ended = run(*command, "--help")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("usage: zoomearth")


def test_list_names_every_profile(run: Run) -> None:
    ended = run("models", "list")
    assert ended.status == 0
    assert {line.split()[0] for line in ended.out.splitlines()} == SHIPPED


def test_list_as_json(run: Run) -> None:
    models = run("models", "list", "--json").json["models"]
    assert {model["name"] for model in models} == SHIPPED
    assert {model["state"] for model in models} <= {"installed", "missing", "incompatible", "unsafe"}
    for model in models:
        assert model["licence"]
        assert isinstance(model["allows_commercial_use"], bool)
        assert "prompt" not in model


def test_show(run: Run) -> None:
    shown = run("models", "show", "zoomearth-3b", "--json").json
    assert (shown["name"], shown["architecture"]) == ("zoomearth-3b", "qwen2_5_vl")
    assert shown["allows_commercial_use"] is False
    lines = run("models", "show", "zoomearth-3b").out.splitlines()
    assert [line.split(":")[0] for line in lines] == list(shown)


def test_show_without_a_name_is_of_the_one_that_is_asked_by_default(run: Run) -> None:
    assert run("models", "show", "--json").json["name"] == "zoomearth-mini"


@pytest.mark.parametrize(
    ("file", "content", "state"),
    [
        ("unrelated.txt", "", "missing"),
        ("config.json", '{"model_type": "bert"}', "incompatible"),
        ("pytorch_model.bin", "", "unsafe"),
    ],
)
def test_show_tells_the_state_of_a_folder(
    run: Run, tmp_path: Path, file: str, content: str, state: str
) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / file).write_text(content)
    shown = run("models", "show", "weights", "--json").json
    assert (shown["name"], shown["state"], shown["allows_commercial_use"]) == ("weights", state, False)


@pytest.mark.parametrize(
    ("name", "code"),
    [("nope", "model_missing"), ("gone.toml", "model_missing"), ("bad.toml", "model_incompatible")],
)
def test_show_of_none(run: Run, tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "bad.toml").write_text("name = ")
    ended = run("models", "show", name, "--json")
    assert (ended.status, ended.error["code"]) == (1, code)
    assert len(ended.err.splitlines()) == 2
