"""The folder of a run: what it keeps, what it mends, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import hand_worked
import pytest
from zoomearth.benchmark.journal import ANSWERS, RUN, open_journal, read_answers
from zoomearth.benchmark.record import Mode
from zoomearth.core.errors import DataInvalidError, DiskFullError, OutputUnwritableError

FACTS = {"benchmark": "scenes", "model": "one", "revision": "1", "data": {"seed": 1}}


def filled(folder: Path, count: int = 3) -> list:
    some = hand_worked.records()[:count]
    with open_journal(folder, FACTS) as journal:
        for record in some:
            journal.add(record)
    return some


def test_answers_come_back_as_they_were(tmp_path: Path) -> None:
    every = filled(tmp_path, 100)
    assert len(every) == 55
    assert list(read_answers(tmp_path / ANSWERS).values()) == every


def test_each_answer_is_on_disk_at_once(tmp_path: Path) -> None:
    first, second = hand_worked.records()[:2]
    with open_journal(tmp_path, FACTS) as journal:
        journal.add(first)
        assert (tmp_path / ANSWERS).read_text().count("\n") == 1
        journal.add(second)
        assert (tmp_path / ANSWERS).read_text().count("\n") == 2


def test_a_line_says_all_that_was_promised(tmp_path: Path) -> None:
    filled(tmp_path)
    line = json.loads((tmp_path / ANSWERS).read_text().splitlines()[0])
    wanted = "id mode image question level type truth answer box region window zooms visual_tokens seconds"
    assert {*wanted.split(), "strict", "wordnet"} <= line.keys()


@pytest.mark.parametrize("torn", ['{"id": "q9', '{"id": "q9", "mode": "active"}\n', "\0\0\0\0", "[]\n"])
def test_a_half_written_last_line_is_cut_off(tmp_path: Path, torn: str) -> None:
    some = filled(tmp_path)
    whole = (tmp_path / ANSWERS).read_bytes()
    (tmp_path / ANSWERS).write_bytes(whole + torn.encode())
    assert list(read_answers(tmp_path / ANSWERS).values()) == some
    next_one = hand_worked.records()[3]
    with open_journal(tmp_path, FACTS) as journal:
        assert list(journal.records.values()) == some
        journal.add(next_one)
    assert (tmp_path / ANSWERS).read_bytes().startswith(whole)
    assert list(read_answers(tmp_path / ANSWERS).values()) == [*some, next_one]


def test_a_bad_line_in_the_middle_is_named(tmp_path: Path) -> None:
    filled(tmp_path)
    lines = (tmp_path / ANSWERS).read_text().splitlines(keepends=True)
    (tmp_path / ANSWERS).write_text(lines[0] + "no answer\n" + lines[1])
    with pytest.raises(DataInvalidError, match=r"answers\.jsonl, row 2"):
        open_journal(tmp_path, FACTS)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"model": "two"}, "model is 'one' there and 'two' here"),
        ({"revision": "2"}, "revision is '1' there and '2' here"),
        ({"data": {"seed": 2}}, "data.seed is 1 there and 2 here"),
        ({"view_side_px": 512}, "view_side_px is None there and 512 here"),
    ],
)
def test_a_folder_of_another_run_is_refused(tmp_path: Path, other: dict, said: str) -> None:
    filled(tmp_path)
    before = (tmp_path / ANSWERS).read_bytes()
    with pytest.raises(OutputUnwritableError, match="another run") as caught:
        open_journal(tmp_path, {**FACTS, **other})
    assert said in caught.value.message
    assert (tmp_path / ANSWERS).read_bytes() == before


def test_resuming_wants_a_run(tmp_path: Path) -> None:
    with pytest.raises(DataInvalidError, match=RUN):
        open_journal(tmp_path, FACTS, must_exist=True)
    assert list(tmp_path.iterdir()) == []


def test_answers_of_nobody_knows_what_are_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / RUN).unlink()
    with pytest.raises(OutputUnwritableError, match=RUN):
        open_journal(tmp_path, FACTS)


def test_of_an_answer_given_twice_the_later_counts(tmp_path: Path) -> None:
    first, second = hand_worked.records()[:2]
    with open_journal(tmp_path, FACTS) as journal:
        for record in (first, second, first):
            journal.add(record)
    assert set(read_answers(tmp_path / ANSWERS)) == {("q01", Mode.ACTIVE), ("q01", Mode.PASSIVE)}


def test_a_sealed_folder_is_named(sealed_folder: Path) -> None:
    with pytest.raises(OutputUnwritableError, match="sealed"):
        open_journal(sealed_folder / "run", FACTS)


def test_a_full_disk_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    some = filled(tmp_path)
    if not Path("/dev/full").exists():
        pytest.skip("no disk that is always full")
    with open_journal(tmp_path, FACTS) as journal:
        journal._file = open("/dev/full", "a")  # noqa: SIM115 # the journal closes it
        with pytest.raises(DiskFullError):
            journal.add(hand_worked.records()[3])
        journal._file = None
    assert list(read_answers(tmp_path / ANSWERS).values()) == some
