"""Asking to stop, from another thread."""

import threading

import pytest
from zoomearth.core.errors import Cancelled
from zoomearth.core.progress import CancelToken, Progress, Stage, ignore_progress


def test_a_token_is_raised_once_asked_and_stays_so() -> None:
    token = CancelToken()
    token.check()
    assert not token.is_cancelled
    token.cancel()
    token.cancel()
    assert token.is_cancelled
    for _ in range(2):
        with pytest.raises(Cancelled):
            token.check()


def test_one_token_stops_one_question() -> None:
    one, other = CancelToken(), CancelToken()
    one.cancel()
    other.check()


def test_another_thread_hears_it() -> None:
    token, heard = CancelToken(), threading.Event()

    def work() -> None:
        while not heard.is_set():
            try:
                token.check()
            except Cancelled:
                heard.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    token.cancel()
    assert heard.wait(5)


def test_stages_are_the_words_of_the_door() -> None:
    assert [stage.value for stage in Stage] == [
        "queued",
        "starting",
        "loading_model",
        "opening",
        "reading_overview",
        "looking",
        "zooming",
        "answering",
        "done",
    ]


def test_progress_without_a_share() -> None:
    progress = Progress(Stage.LOOKING)
    assert progress.to_json() == {"stage": "looking", "fraction": None, "text": ""}
    ignore_progress(progress)
