from zoomearth.models.profile import load_profile
from zoomearth.perception.prompts import first_text, next_text


def test_the_embedded_model_hears_the_wording_it_was_trained_on() -> None:
    mini = load_profile("zoomearth-mini")
    assert first_text(mini, "What colour is the ship?", True) == "What colour is the ship? Zoom if needed."
    assert first_text(mini, "What colour is the ship?", False) == "What colour is the ship? Answer now."
    assert next_text(mini, "What colour is the ship?", True) == ""


def test_braces_in_a_question_mean_nothing() -> None:
    mini = load_profile("zoomearth-mini")
    assert first_text(mini, "Is {question} {0} here?", False) == "Is {question} {0} here? Answer now."


def test_the_last_turn_is_told_to_answer() -> None:
    instructed = load_profile("qwen2.5-vl-7b-instruct")
    assert "closer still" in next_text(instructed, "How many?", True)
    assert "closer still" not in next_text(instructed, "How many?", False)
