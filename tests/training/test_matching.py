"""Answers right by the letter and by WordNet; pairs were looked up with NLTK over the same WordNet 3.0."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoomearth.core.errors import DataInvalidError
from zoomearth.training.matching import WordNet, is_strict_match, normalised

INSTALLED = WordNet.find()
needs_wordnet = pytest.mark.skipif(INSTALLED is None, reason="no WordNet here; Debian: wordnet-base")


class TestNormalised:
    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("  Dark\t Green. ", "dark green"),
            ("NO", "no"),
            ("approx. 3", "approx. 3"),
            ("yes..", "yes."),
            ("yes .", "yes"),
            (".", ""),
            ("", ""),
            ("a\n\nb", "a b"),
            ("ÜBER", "über"),
        ],
    )
    def test_by_hand(self, text: str, plain: str) -> None:
        assert normalised(text) == plain

    @given(st.text())
    def test_neither_space_nor_case_make_a_difference(self, text: str) -> None:
        assert normalised(f" {text}\n") == normalised(text) == normalised(text).lower()


class TestStrict:
    @pytest.mark.parametrize(
        ("answer", "truth"),
        [("Red", "red"), (" red\n", "RED "), ("12", "12"), ("dark  green", "Dark  Green")],
    )
    def test_equal_but_for_case_and_space_around(self, answer: str, truth: str) -> None:
        assert is_strict_match(answer, truth)

    @pytest.mark.parametrize(
        ("answer", "truth"),
        [
            ("red.", "red"),
            ("two", "2"),
            ("ships", "ship"),
            ("car", "automobile"),
            ("dark  green", "dark green"),
            ("dark_green", "dark green"),
            ("red or blue", "red"),
            ("", "red"),
            ("red", ""),
            ("", ""),
            (" ", "\n"),
        ],
    )
    def test_nothing_else_is_equated(self, answer: str, truth: str) -> None:
        assert not is_strict_match(answer, truth)

    @given(st.text(), st.text())
    def test_the_order_makes_no_difference(self, one: str, other: str) -> None:
        assert is_strict_match(one, other) == is_strict_match(other, one)


@needs_wordnet
class TestWordNet:
    @pytest.fixture
    def wordnet(self) -> WordNet:
        assert INSTALLED is not None
        return INSTALLED

    @pytest.mark.parametrize(
        "pair",
        [
            *[
                "car automobile",
                "plane airplane",
                "gray grey",
                "autumn fall",
                "forest woods",
                "stadium arena",
            ],
            *["circular round", "buildings edifice", "parking_lot car_park", "storage_tank tank", "two 2"],
            *[
                "geese goose",
                "oxen ox",
                "trees tree",
                "Ships ship",
                "zero 0",
                "1 one",
                "dark black",
                "house home",
            ],
        ],
    )
    def test_words_of_one_synset_match_in_either_order(self, wordnet: WordNet, pair: str) -> None:
        answer, truth = pair.split()
        assert wordnet.is_match(answer, truth) and wordnet.is_match(truth, answer)

    @pytest.mark.parametrize(
        "pair",
        [
            *["ship boat", "vehicle car", "truck lorry", "river stream", "road street", "harbor port"],
            *["yes no", "yes yeah", "one two", "left right", "summer winter", "blue green", "gray silver"],
            *["runway airstrip", "lake pond", "empty vacant", "people person", "black jet", "none zero"],
        ],
    )
    def test_near_is_not_enough(self, wordnet: WordNet, pair: str) -> None:
        answer, truth = pair.split()
        assert not wordnet.is_match(answer, truth) and not wordnet.is_match(truth, answer)

    @pytest.mark.parametrize("pair", ["green jet", "departing left", "glasses glass"])
    def test_faults_of_the_rule_are_kept(self, wordnet: WordNet, pair: str) -> None:
        """One shared sense is enough, be it two street names of a drug: that is the published scoring."""
        answer, truth = pair.split()
        assert wordnet.is_match(answer, truth) and not is_strict_match(answer, truth)

    def test_a_phrase_with_spaces_is_not_looked_up(self, wordnet: WordNet) -> None:
        assert not wordnet.is_match("parking lot", "car park")
        assert wordnet.is_match("Parking lot", "parking lot ")

    def test_the_shortest_base_form_that_is_a_noun_counts(self, wordnet: WordNet) -> None:
        # "arms" (weapons) is an entry of its own, but its shortest noun form, "arm", is what is looked up:
        # weaponry is lost, and the limb found.
        assert not wordnet.is_match("arms", "munition") and wordnet.is_match("arms", "arm")

    def test_senses_are_those_of_wordnet_3(self, wordnet: WordNet) -> None:
        # Offsets differ between builds of the files; how many senses a word has does not.
        assert len(wordnet.synsets("airport")) == 1  # airport.n.01
        assert len(wordnet.synsets("car")) == 5  # car.n.01 to 03, car.n.04, cable_car.n.01
        assert {part for part, _ in wordnet.synsets("left")} == {"noun", "verb", "adj", "adv"}

    @pytest.mark.parametrize(
        "text",
        ["", " ", "s", "es", "ing", "\0", "<answer>", "%s" * 9, "x" * 10_000_000, "\ud800", "é", "_" * 80],
    )
    def test_hostile_text_matches_nothing_but_itself(self, wordnet: WordNet, text: str) -> None:
        assert not wordnet.is_match(text, "car") and not wordnet.is_match("car", text)
        assert wordnet.is_match(text, text) == bool(text.strip())

    @given(st.text(max_size=20), st.text(max_size=20))
    def test_a_strict_match_always_counts_and_order_never(self, one: str, other: str) -> None:
        assert INSTALLED is not None
        assert INSTALLED.is_match(one, other) == INSTALLED.is_match(other, one)
        assert INSTALLED.is_match(one, other) or not is_strict_match(one, other)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A WordNet of five entries: both kinds of file, licence lines as in the real ones."""
    licence = "  1 This software and database is being provided to you  \n"
    (tmp_path / "index.noun").write_text(
        licence
        + "ox n 1 0 1 0 00000011\nwater_ox n 1 1 @ 1 0 00000011\nkine n 2 2 @ ~ 2 1 00000022 00000033\n"
    )
    (tmp_path / "index.verb").write_text(licence + "graze v 1 1 @ 1 0 00000044\n")
    (tmp_path / "index.adj").write_text(licence + "big a 1 0 1 0 00000055\n")
    (tmp_path / "index.adv").write_text(licence)
    (tmp_path / "noun.exc").write_text("oxen ox\nkine cow\n")
    for part in ("verb", "adj", "adv"):
        (tmp_path / f"{part}.exc").write_text("")
    return tmp_path


class TestFiles:
    def test_entries_irregular_forms_and_endings(self, small: Path) -> None:
        wordnet = WordNet.find(small)
        assert wordnet is not None
        assert wordnet.synsets("oxen") == wordnet.synsets("water_ox") == {("noun", 11)}
        assert wordnet.synsets("kine") == {("noun", 22), ("noun", 33)}  # an entry, and "cow" is none
        assert wordnet.synsets("grazing") == {("verb", 44)}
        assert wordnet.synsets("biger") == {("adj", 55)}  # the ending alone is looked at
        assert wordnet.synsets("cow") == frozenset()
        assert wordnet.is_match("oxen", "Water_Ox") and not wordnet.is_match("oxen", "kine")

    def test_finding_reads_nothing(self, small: Path) -> None:
        (small / "index.noun").write_text("no WordNet")
        assert WordNet.find(small) is not None

    @pytest.mark.parametrize(
        "row",
        [
            "cow n two 0 2 0 00000011",
            "cow",
            "cow n 1 0 1 0 0x11",
            "cow n 3 11",
            "cow n 0 0 0 0",
            "cow n 2 0 2 0 00000011",  # two senses are said, one is there
            "cow n -1 0 1 0",
        ],
    )
    def test_a_broken_row_is_named(self, small: Path, row: str) -> None:
        (small / "index.noun").write_text(f"ox n 1 0 1 0 00000011\n{row}\n")
        with pytest.raises(DataInvalidError, match=r"index\.noun, row 2"):
            WordNet(small).is_match("ox", "cow")

    def test_an_unreadable_file_is_named(self, small: Path) -> None:
        (small / "verb.exc").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(DataInvalidError, match=r"verb\.exc cannot be read"):
            WordNet(small).is_match("ox", "cow")

    def test_a_folder_without_one_of_the_files_is_none(self, small: Path) -> None:
        (small / "adv.exc").unlink()
        assert WordNet.find(small) is None and WordNet.find(small / "nowhere") is None

    def test_the_environment_goes_before_the_system(
        self, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home = tmp_path / "home"
        (home / "dict").mkdir(parents=True)
        for path in list(small.glob("*.*")):
            (home / "dict" / path.name).write_bytes(path.read_bytes())
        monkeypatch.setenv("WNHOME", str(home))
        monkeypatch.delenv("WNSEARCHDIR", raising=False)
        assert WordNet.find() == WordNet(home / "dict")
        monkeypatch.setenv("WNSEARCHDIR", str(small))
        assert WordNet.find() == WordNet(small)
        monkeypatch.setenv("WNSEARCHDIR", str(tmp_path / "nowhere"))
        assert WordNet.find() == WordNet(home / "dict")
