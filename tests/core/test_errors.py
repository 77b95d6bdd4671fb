"""Every failure has a code that is its own, and a sentence for the person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoomearth.core import errors
from zoomearth.core.errors import Cancelled, ZoomEarthError, error_from_json

KINDS = ZoomEarthError.__subclasses__()
PROMISED = """
raster_unreadable raster_empty raster_type_unsupported area_outside area_required question_invalid
model_missing model_incompatible weights_unsafe out_of_memory engine_missing worker_died worker_timeout
server_unreachable server_refused output_unwritable disk_full job_table_invalid training_config_invalid
data_invalid training_diverged
""".split()


def test_the_codes_are_those_promised_each_once() -> None:
    assert sorted(kind.code for kind in KINDS) == sorted(PROMISED)


@pytest.mark.parametrize("kind", [ZoomEarthError, *KINDS], ids=lambda kind: kind.code)
def test_each_has_a_hint_that_is_a_sentence(kind: type[ZoomEarthError]) -> None:
    hint = kind.default_hint
    assert hint[0].isupper() and hint.endswith(".") and len(hint.split()) >= 4
    if kind is not ZoomEarthError:
        assert hint != ZoomEarthError.default_hint


def test_no_two_share_a_hint_but_the_worker_s() -> None:
    """A worker that died and one that fell silent are both cured by asking again."""
    hints = [kind.default_hint for kind in KINDS if not kind.code.startswith("worker_")]
    assert len(hints) == len(set(hints))


@pytest.mark.parametrize("kind", [ZoomEarthError, *KINDS], ids=lambda kind: kind.code)
@given(message=st.text(), hint=st.none() | st.text())
def test_it_comes_back_over_the_door(kind: type[ZoomEarthError], message: str, hint: str | None) -> None:
    error = kind(message, hint)
    back = error_from_json(error.to_json())
    assert type(back) is kind and str(back) == message
    assert back.hint == (kind.default_hint if hint is None else hint)


@pytest.mark.parametrize("payload", [{}, {"code": "from_the_future"}, {"code": None, "message": 5}])
def test_a_code_that_nobody_knows_is_still_an_error(payload: dict[str, object]) -> None:
    error = error_from_json(payload)
    assert type(error) is ZoomEarthError and error.hint == ZoomEarthError.default_hint


def test_cancelling_is_no_error() -> None:
    assert not issubclass(Cancelled, ZoomEarthError)
    assert "cancelled" not in {kind.code for kind in KINDS}


def test_all_are_raised_by_name() -> None:
    assert {kind.__name__ for kind in KINDS} <= set(vars(errors))
