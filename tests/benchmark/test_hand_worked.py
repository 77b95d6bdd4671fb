"""Twenty answers: figures as worked by hand in ``hand_worked.md``, and as the official scoring has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hand_worked
import pytest
from zoomearth.benchmark.figures import make_figures
from zoomearth.benchmark.record import Mode
from zoomearth.training.matching import WordNet

WORDNET = WordNet.find()
needs_wordnet = pytest.mark.skipif(WORDNET is None, reason="no WordNet (Debian: wordnet-base)")
APO_RAW = (1 + 1 / 2 + 196 / 296 + 9 / 11 + 1 / 3 + 1 / 2 + 1 / 2 + 1 / 2) / 15
APO_GROWN = (
    1 + 1 + 412 / 612 + 1 + 9 / 11 + 507 / 517 + 412 / 612 + 502 / 522 + 406 / 706 + 1 / 2 + 418 / 606
) / 15
BY_HAND = {
    "active accuracy strict level global": (1 / 5, 5),
    "active accuracy strict level region": (3 / 7, 7),
    "active accuracy strict level object": (4 / 8, 8),
    "active accuracy strict all": (8 / 20, 20),
    "passive accuracy strict level global": (4 / 5, 5),
    "passive accuracy strict level region": (3 / 7, 7),
    "passive accuracy strict level object": (4 / 8, 8),
    "passive accuracy strict all": (11 / 20, 20),
    "oracle accuracy strict level region": (5 / 7, 7),
    "oracle accuracy strict level object": (1, 8),
    "oracle accuracy strict all": (13 / 15, 15),
    "active accuracy strict type|global: scene type": (1 / 2, 2),
    "active accuracy strict type|global: counting": (0, 1),
    "active accuracy strict type|region: counting": (0, 2),
    "passive accuracy strict type|region: counting": (1 / 2, 2),
    "active accuracy strict type|object: color/pattern": (1 / 2, 2),
    "active_minus_passive strict level global": (-3 / 5, 5),
    "active_minus_passive strict level region": (0, 7),
    "active_minus_passive strict all": (-3 / 20, 20),
    "oracle_minus_passive strict level region": (2 / 7, 7),
    "oracle_minus_passive strict level object": (4 / 8, 8),
    "oracle_minus_passive strict all": (6 / 15, 15),
    "active apo_iou raw all": (APO_RAW, 15),
    "active apo_iou expanded all": (APO_GROWN, 15),
    "active apo_iou raw type|object: color/pattern": (1 / 6, 2),
    "active acc_at_0.5 raw all": (7 / 15, 15),
    "active acc_at_0.5 expanded all": (11 / 15, 15),
    "active window_holds_centre all": (10 / 15, 15),
    "active zoom_rate all": (13 / 20, 20),
    "active zoom_rate level global": (1 / 5, 5),
    "passive zoom_rate all": (0, 20),
    "passive apo_iou raw all": (0, 15),
    "usefulness gained all": (4 / 13, 13),
    "usefulness lost all": (3 / 13, 13),
    "usefulness right_before all": (5 / 13, 13),
    "usefulness right_after all": (6 / 13, 13),
    "usefulness ratio all": (6 / 5, 13),
    "active visual_tokens": (3300 / 19, 19),
    "passive visual_tokens": (100, 20),
    "active seconds": (3.3 / 19, 19),
    "active counting exact all": (0, 3),
    "active counting within_25_percent all": (2 / 3, 3),
    "active counting mean_absolute_error all": (3 / 2, 2),
    "active counting no_number all": (1 / 3, 3),
    "passive counting exact all": (2 / 3, 3),
    "passive counting within_25_percent all": (2 / 3, 3),
    "passive counting mean_absolute_error all": (4 / 3, 3),
    "passive counting no_number all": (0, 3),
    "oracle counting exact all": (1 / 2, 2),
    "oracle counting within_25_percent all": (1, 2),
    "oracle counting mean_absolute_error all": (1 / 2, 2),
}
BY_HAND_WITH_WORDNET = {
    "active accuracy wordnet level global": (3 / 5, 5),
    "active accuracy wordnet level region": (4 / 7, 7),
    "active accuracy wordnet level object": (7 / 8, 8),
    "active accuracy wordnet all": (14 / 20, 20),
    "passive accuracy wordnet level global": (4 / 5, 5),
    "passive accuracy wordnet level region": (4 / 7, 7),
    "passive accuracy wordnet level object": (4 / 8, 8),
    "passive accuracy wordnet all": (12 / 20, 20),
    "oracle accuracy wordnet all": (13 / 15, 15),
    "active_minus_passive wordnet level global": (-1 / 5, 5),
    "active_minus_passive wordnet level object": (3 / 8, 8),
    "active_minus_passive wordnet all": (2 / 20, 20),
}


@pytest.fixture(scope="module")
def figures():
    return make_figures(hand_worked.records(), by_image=True)


@pytest.fixture(scope="module")
def figures_with_wordnet():
    return make_figures(hand_worked.records(WORDNET), by_image=False)


def name_of(words: str) -> tuple[str, ...]:
    """The name of a figure; what follows a bar is one word."""
    parts, bar, last = words.partition("|")
    return (*parts.split(), *([last] if bar else []))


def test_there_are_twenty_questions_on_five_images(figures) -> None:
    assert (figures.questions, figures.images) == (20, 5)
    assert figures.modes == (Mode.ACTIVE, Mode.PASSIVE, Mode.ORACLE)
    assert figures.levels == ("global", "region", "object")
    assert figures.failures == {"raster_unreadable": 1}
    assert len(figures.kinds) == 16
    assert figures.kinds[:5] == (
        "global: scene type",
        "global: urban-rural",
        "global: counting",
        "global: season",
        "region: counting",
    )


@pytest.mark.parametrize("words", BY_HAND)
def test_a_figure_is_as_worked_by_hand(figures, words: str) -> None:
    value, count = BY_HAND[words]
    found = figures.get(*name_of(words))
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.count == count


@needs_wordnet
@pytest.mark.parametrize("words", {**BY_HAND, **BY_HAND_WITH_WORDNET})
def test_a_figure_with_wordnet_is_as_worked_by_hand(figures_with_wordnet, words: str) -> None:
    value, count = {**BY_HAND, **BY_HAND_WITH_WORDNET}[words]
    found = figures_with_wordnet.get(*name_of(words))
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.count == count


def test_without_wordnet_nothing_is_said_of_synonyms(figures) -> None:
    assert not figures.has_wordnet
    assert not any("wordnet" in name for name in figures.values)


def test_every_interval_holds_its_figure(figures) -> None:
    with_ends = [one for one in figures.values.values() if one.low is not None]
    assert len(with_ends) > 100
    assert all(one.low <= one.value <= one.high for one in with_ends)


class OfficialScoring:
    """LRS-GRO's scoring from its description alone: no code of the project, plain lists of numbers."""

    def __init__(self, folder: Path) -> None:
        self.offsets: dict[str, dict[str, set[str]]] = {}
        self.irregular: dict[str, dict[str, list[str]]] = {}
        for part in ("noun", "verb", "adj", "adv"):
            entries: dict[str, set[str]] = {}
            for line in (folder / f"index.{part}").read_text().splitlines():
                if not line.startswith(" "):
                    words = line.split()
                    entries[words[0]] = set(words[-int(words[2]) :])
            self.offsets[part] = entries
            pairs = [line.split() for line in (folder / f"{part}.exc").read_text().splitlines()]
            self.irregular[part] = {pair[0]: pair[1:] for pair in pairs if pair}

    def synsets(self, word: str) -> set[tuple[str, str]]:
        found = set()
        for part, entries in self.offsets.items():
            forms = [word, *self.irregular[part].get(word, [])]
            if part == "verb" and word.endswith("ing"):
                forms += [word[:-3], word[:-3] + "e"]
            for form in forms:
                found |= {(part, offset) for offset in entries.get(form, ())}
        return found

    def is_right(self, answer: str, truth: str) -> bool:
        answer, truth = answer.strip().lower(), truth.strip().lower()
        return answer == truth or bool(self.synsets(answer) & self.synsets(truth))


@pytest.fixture(scope="module")
def official() -> OfficialScoring:
    return OfficialScoring(WORDNET.folder)


def official_apo_iou(rows: list[dict[str, Any]], grown_px: int) -> float:
    """Mean over the rows with a box; a row without a region is 0."""
    total = 0.0
    placed = [row for row in rows if row["box"] is not None]
    for row in placed:
        region = row["active"]["region"]
        if region is not None:
            a, b = (grown(box, row["extent"], grown_px) for box in (row["box"], region))
            width = max(0, min(a[2], b[2]) - max(a[0], b[0]))
            height = max(0, min(a[3], b[3]) - max(a[1], b[1]))
            areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
            total += width * height / (sum(areas) - width * height)
    return total / len(placed)


def grown(box: list[float], extent: list[float], least: int) -> list[float]:
    sides = list(box)
    for low, high in ((0, 2), (1, 3)):
        length = max(box[high] - box[low], min(least, extent[high] - extent[low]))
        start = (box[low] + box[high]) / 2 - length / 2
        start = min(max(start, extent[low]), extent[high] - length)
        sides[low], sides[high] = start, start + length
    return sides


@needs_wordnet
@pytest.mark.parametrize("level", ["global", "region", "object", "all"])
@pytest.mark.parametrize("mode", ["active", "passive", "oracle"])
def test_the_official_scoring_gives_the_same_accuracy(
    figures_with_wordnet, official: OfficialScoring, mode: str, level: str
) -> None:
    rows = [row for row in hand_worked.rows() if mode in row and level in (row["level"], "all")]
    if not rows:
        assert (mode, level) == ("oracle", "global")
        return
    answers = [row[mode]["answer"] if mode == "active" else row[mode] for row in rows]
    right = [official.is_right(answer, row["truth"]) for answer, row in zip(answers, rows, strict=True)]
    group = ("all",) if level == "all" else ("level", level)
    found = figures_with_wordnet.get(mode, "accuracy", "wordnet", *group)
    assert found.value == pytest.approx(sum(right) / len(right), abs=1e-12)


@pytest.mark.parametrize(("kind", "grown_px"), [("raw", 0), ("expanded", 512)])
def test_the_official_scoring_gives_the_same_apo_iou(figures, kind: str, grown_px: int) -> None:
    official = official_apo_iou(hand_worked.rows(), grown_px)
    assert figures.get("active", "apo_iou", kind, "all").value == pytest.approx(official, abs=1e-12)
