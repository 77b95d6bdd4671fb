import pytest
from zoomearth.core.progress import Progress, Stage
from zoomearth.perception.pace import Pace


def test_a_part_that_counts_from_nothing_to_one_fills_its_stretch() -> None:
    told: list[Progress] = []
    pace = Pace(told.append)
    with pace.stage(Stage.READING_OVERVIEW):
        for share in (0.0, 0.5, 1.0):
            pace.within(Progress(Stage.READING_OVERVIEW, share, "rows"))
    assert [progress.fraction for progress in told] == pytest.approx([0.1, 0.1, 0.175, 0.25])


def test_the_fraction_never_goes_back_nor_reaches_one_before_the_end() -> None:
    told: list[Progress] = []
    pace = Pace(told.append)
    with pace.stage(Stage.READING_OVERVIEW):
        pace.within(Progress(Stage.READING_OVERVIEW, None))
    for _ in range(6):
        with pace.stage(Stage.LOOKING):
            for pieces in range(200):
                pace.wrote(Stage.LOOKING, "", pieces)
        with pace.stage(Stage.READING_OVERVIEW):  # a question that is asked again from its start
            pace.within(Progress(Stage.READING_OVERVIEW, 1.0))
    fractions = [progress.fraction or 0.0 for progress in told]
    assert fractions == sorted(fractions) and 0.9 < fractions[-1] < 1.0
    pace.done()
    assert told[-1] == Progress(Stage.DONE, 1.0)


def test_times_of_a_stage_that_comes_again_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.5, 10.0, 12.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    pace = Pace(lambda _: None)
    for _ in range(2):
        with pace.stage(Stage.LOOKING):
            pass
    assert pace.seconds == {"looking": 3.5}
