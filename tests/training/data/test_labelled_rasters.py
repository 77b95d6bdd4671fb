"""Questions from labels: every answer is worked out again from the label file, the plain way."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from data_files import refusal, repaint, write_image
from zoomearth.core.frames import PixelBox
from zoomearth.training.data.labelled_rasters import read_labelled_rasters
from zoomearth.training.data.question import LabelledQuestion
from zoomearth.training.data.reading import digest
from zoomearth.training.imagery import HELD_OUT

Box = tuple[float, float, float, float]
NORTH_UP = Affine(10, 0, 500_000, 0, -10, 5_300_000)
SOUTH_UP = Affine(10, 0, 500_000, 0, 10, 5_300_000)
TREE_RADIUS_PX = 6


def write_labels(path: Path, boxes: list[Box]) -> None:
    rows = "".join(f"thing,{','.join(map(str, box))}\n" for box in boxes)
    path.write_text(f"class,xmin,ymin,xmax,ymax\n{rows}")


def scattered(seed: int, count: int, width: int, height: int, side: tuple[int, int]) -> list[Box]:
    """Boxes that keep apart."""
    rng = np.random.default_rng(seed)
    boxes: list[Box] = []
    while len(boxes) < count:
        across, down = (int(length) for length in rng.integers(*side, 2))
        left, top = int(rng.integers(0, width - across)), int(rng.integers(0, height - down))
        new = (left, top, left + across, top + down)
        if all(new[0] > old[2] or new[2] < old[0] or new[1] > old[3] or new[3] < old[1] for old in boxes):
            boxes.append(new)
    return boxes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ports that are north-up, south-up and without a place; a mosaic with an empty edge; trees."""
    home = tmp_path_factory.mktemp("imagery")
    ports = {"porto": NORTH_UP, "upside": SOUTH_UP, "durban": NORTH_UP, "nowhere": None}
    for seed, (name, transform) in enumerate(ports.items()):
        place = {"crs": "EPSG:32633", "transform": transform} if transform else {}
        path = write_image(home / "ships" / f"{name}.tif", 900, 700, **place)
        write_labels(path.with_suffix(".csv"), scattered(seed, 25, 900, 700, (4, 25)))
    path = write_image(home / "buildings" / "town.tif", 2000, 1500, crs="EPSG:32633", transform=NORTH_UP)
    write_labels(path.with_suffix(".csv"), scattered(9, 30, 2000, 1500, (40, 160)))
    for number in range(3):
        path = write_image(
            home / "trees" / f"grove_{number}.tif", 256, 256, crs="EPSG:32633", transform=NORTH_UP
        )
        rng = np.random.default_rng(number)
        rows = "".join(f"tree,{x:.1f},{y:.1f}\n" for x, y in rng.uniform(2, 254, (15, 2)))
        path.with_suffix(".csv").write_text(f"class,x,y\n{rows}")
    return home


@pytest.fixture(scope="module")
def questions(folder: Path) -> list[LabelledQuestion]:
    return read_labelled_rasters(folder, seed=3, count=600)


def labels(question: LabelledQuestion) -> list[Box]:
    with question.image.with_suffix(".csv").open() as file:
        rows = list(csv.DictReader(file))
    r = TREE_RADIUS_PX
    if "x" in rows[0]:
        points = [(float(row["x"]), float(row["y"])) for row in rows]
        return [(max(0, x - r), max(0, y - r), min(256, x + r), min(256, y + r)) for x, y in points]
    return [(float(row["xmin"]), float(row["ymin"]), float(row["xmax"]), float(row["ymax"])) for row in rows]


def share_inside(box: Box, area: PixelBox | None) -> float:
    if area is None:
        return 1.0
    across = min(box[2], area.right) - max(box[0], area.left)
    down = min(box[3], area.bottom) - max(box[1], area.top)
    return max(0.0, across) * max(0.0, down) / ((box[2] - box[0]) * (box[3] - box[1]))


def of_type(questions: list[LabelledQuestion], kind: str) -> list[LabelledQuestion]:
    found = [question for question in questions if question.type == kind]
    assert len(found) > 60
    return found


def test_a_reader_of_the_words_alone_answers_no_better_than_chance(questions: list[LabelledQuestion]) -> None:
    """The most frequent answer to each wording is right half of the time: overall and in each family."""
    asked = of_type(questions, "existence")
    for family in ("ships", "buildings", "trees"):
        own = [question for question in asked if question.image.parent.name == family]
        assert len(own) >= 20
        by_words: dict[str, Counter[str]] = defaultdict(Counter)
        for question in own:
            by_words[question.question][question.answer] += 1
        best = sum(max(answers.values()) for answers in by_words.values())
        assert best / len(own) == 0.5, by_words
    by_words = defaultdict(Counter)
    for question in asked:
        by_words[question.question][question.answer] += 1
    assert sum(max(answers.values()) for answers in by_words.values()) / len(asked) == 0.5


def test_neither_does_a_reader_of_place_and_size(questions: list[LabelledQuestion]) -> None:
    by_size: dict[object, Counter[str]] = defaultdict(Counter)
    for question in of_type(questions, "existence"):
        assert question.area is not None
        by_size[(question.image, question.area.width, question.area.height)][question.answer] += 1
    assert all(answers["yes"] == answers["no"] for answers in by_size.values())


def test_existence_is_true(questions: list[LabelledQuestion]) -> None:
    for question in of_type(questions, "existence"):
        shares = [share_inside(box, question.area) for box in labels(question)]
        assert question.level == "region"
        if question.answer == "yes":
            assert max(shares) >= 0.9
            assert question.box is not None and question.box.to_json() in [
                list(box) for box in labels(question)
            ]
        else:
            assert question.answer == "no" and max(shares) == 0.0 and question.box is None


def test_counts_are_true(questions: list[LabelledQuestion]) -> None:
    asked = of_type(questions, "counting")
    for question in asked:
        inside = [box for box in labels(question) if share_inside(box, question.area) >= 0.9]
        assert question.answer == str(len(inside))
        cut = [box for box in labels(question) if 0.1 < share_inside(box, question.area) < 0.9]
        assert len(cut) <= len(inside) / 10
        assert question.box is not None
        for box in inside:
            assert share_inside(box, question.box) >= 0.9 - 1e-9
        assert question.level == ("global" if question.area is None else "region")
    assert len({question.answer for question in asked}) >= 8


def farthest(question: LabelledQuestion) -> Callable[[Box], float]:
    """What is to be greatest, for a superlative on these rasters: rows grow to the south, or to the north."""
    words = question.question
    down = -1.0 if question.image.stem == "upside" else 1.0
    for word, measure in {
        "largest": lambda box: (box[2] - box[0]) * (box[3] - box[1]),
        "smallest": lambda box: -(box[2] - box[0]) * (box[3] - box[1]),
        "northernmost": lambda box: -down * (box[1] + box[3]),
        "southernmost": lambda box: down * (box[1] + box[3]),
        "westernmost": lambda box: -(box[0] + box[2]),
        "easternmost": lambda box: box[0] + box[2],
        "topmost": lambda box: -(box[1] + box[3]),
        "bottommost": lambda box: box[1] + box[3],
        "leftmost": lambda box: -(box[0] + box[2]),
        "rightmost": lambda box: box[0] + box[2],
    }.items():
        if word in words:
            return measure
    raise AssertionError(words)


def test_superlatives_are_true(questions: list[LabelledQuestion]) -> None:
    asked = of_type(questions, "relative position/context")
    for question in asked:
        inside = [box for box in labels(question) if share_inside(box, question.area) >= 0.9]
        best = max(inside, key=farthest(question))
        assert question.box is not None
        assert question.level == "object"
        assert share_inside(best, question.box) >= 0.9 - 1e-9
        assert question.box.area <= (best[2] - best[0]) * (best[3] - best[1]) + 1e-9
    said = " ".join(question.question for question in asked)
    for word in (
        "largest",
        "smallest",
        "northernmost",
        "southernmost",
        "westernmost",
        "easternmost",
        "topmost",
    ):
        assert word in said
    assert not any("est tree" in one.question and "gest" in one.question for one in asked)


def test_the_part_is_that_of_the_map(questions: list[LabelledQuestion]) -> None:
    """The answer's north is up where the raster is north-up, and down where it is south-up."""
    seen: set[tuple[str, str]] = set()
    for question in of_type(questions, "relative position/context"):
        area = question.area
        if area is None or question.box is None or question.image.stem not in ("porto", "upside", "nowhere"):
            continue
        is_high = question.box.center[1] < area.center[1] - area.height / 6
        is_low = question.box.center[1] > area.center[1] + area.height / 6
        words = {"porto": ("north", "south"), "upside": ("south", "north"), "nowhere": ("top", "bottom")}
        high, low = words[question.image.stem]
        assert (high in question.answer) == is_high, question
        assert (low in question.answer) == is_low, question
        seen.add((question.image.stem, "high" if is_high else "low" if is_low else "middle"))
    assert len(seen) >= 8


def test_the_same_seed_gives_the_same_questions(folder: Path, questions: list[LabelledQuestion]) -> None:
    assert digest(read_labelled_rasters(folder, seed=3, count=600)) == digest(questions)
    assert digest(read_labelled_rasters(folder, seed=4, count=600)) != digest(questions)


def test_places_left_out_stay_out(folder: Path, questions: list[LabelledQuestion]) -> None:
    assert not {question.image.stem for question in questions} & HELD_OUT
    others = read_labelled_rasters(folder, held_out=True, count=60)
    assert {question.image.stem for question in others} == {"durban"}
    assert {question.split for question in others} == {"test"}
    assert {question.split for question in questions} == {"train"}


def test_ids_are_unique_and_boxes_lie_in_their_areas(questions: list[LabelledQuestion]) -> None:
    assert len({question.question_id for question in questions}) == len(questions)
    for question in questions:
        if question.box is not None and question.area is not None:
            inside = question.box.intersection(question.area)
            assert inside.area >= 0.89 * question.box.area


def test_an_empty_black_edge_is_no_place_without_objects(tmp_path: Path) -> None:
    """Only the left half shows something; the right half is empty as at a mosaic's edge."""
    path = write_image(tmp_path / "ships" / "porto.tif", 1000, 400)
    pixels = np.full((3, 400, 1000), 90, np.uint8)
    pixels[:, :, 500:] = 0
    repaint(path, pixels)
    write_labels(path.with_suffix(".csv"), [(20, 20, 40, 40)])
    asked = [one for one in read_labelled_rasters(tmp_path, count=120) if one.answer == "no"]
    assert len(asked) > 5
    for question in asked:
        assert question.area is not None
        assert question.area.left + 0.7 * question.area.width <= 500 + 0.02 * question.area.width


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "class,xmin,ymin,xmax,ymax\nship,10,20,5,40\n",
            "row 2, xmin, ymin, xmax, ymax: [10.0, 20.0, 5.0, 40.0] is",
        ),
        (
            "class,xmin,ymin,xmax,ymax\nship,1,2,3,4\nship,1,2,3000,4\n",
            "row 3, xmin, ymin, xmax, ymax: [1.0, 2.0",
        ),
        ("class,xmin,ymin,xmax,ymax\nship,1,2,x,4\n", "row 2, xmax: 'x' is no number"),
        ("class,xmin,ymin,xmax,ymax\nship,1,2,3\n", "row 2, ymax: None is no number"),
        ("class,xmin,ymin,xmax,ymax\nship,1,nan,3,4\n", "not finite"),
        ("class,xmin,ymin,xmax\nship,1,2,3\n", "row 1, ymax: is missing"),
        ("class,x,y\nship,-1,2\n", "row 2, x, y: [-1.0, 2.0] lies outside the image of 900 x 700"),
        ("class,x,y\nship,nan,2\n", "row 2, x, y"),
        ("", "row 1, xmin, ymin, xmax, ymax: is missing"),
    ],
)
def test_bad_labels(tmp_path: Path, content: str, said: str) -> None:
    path = write_image(tmp_path / "ships" / "porto.tif", 900, 700)
    path.with_suffix(".csv").write_text(content)
    message = refusal(lambda: read_labelled_rasters(tmp_path))
    assert str(path.with_suffix(".csv")) in message and said in message


def test_all_bad_labels_are_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        path = write_image(tmp_path / "ships" / f"{name}.tif", 900, 700)
        write_labels(path.with_suffix(".csv"), [(10, 20, 5, 40)] * 7)
    write_image(tmp_path / "trees" / "three.tif", 256, 256)
    broken = tmp_path / "ships" / "four.tif"
    broken.write_bytes(b"no raster")
    lines = refusal(lambda: read_labelled_rasters(tmp_path)).splitlines()
    assert len(lines) == 11 and lines[-1] == "and 6 more rows"
    assert "four.tif" in lines[0] and "one.csv, row 2" in lines[1]


def test_no_imagery(tmp_path: Path) -> None:
    assert "no labelled imagery for training" in refusal(lambda: read_labelled_rasters(tmp_path))


def test_imagery_without_labels(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ships" / "porto.tif", 900, 700)
    write_labels(path.with_suffix(".csv"), [])
    assert "holds no labelled object" in refusal(lambda: read_labelled_rasters(tmp_path))


@pytest.mark.real_data
@pytest.mark.parametrize("held_out", [False, True])
def test_real_imagery(real_data: Path, held_out: bool) -> None:
    questions = read_labelled_rasters(real_data / "imagery", held_out=held_out, count=300)
    assert len(questions) > 250
    asked = [question for question in questions if question.type == "existence"]
    for family in ("ships", "buildings", "trees"):
        answers = Counter(one.answer for one in asked if one.image.parent.name == family)
        assert answers["yes"] == answers["no"] > 10
    places = {question.image.stem.split("_")[0] for question in questions}
    assert places <= HELD_OUT if held_out else not places & HELD_OUT
    test_existence_is_true(questions)
    test_counts_are_true(questions)
