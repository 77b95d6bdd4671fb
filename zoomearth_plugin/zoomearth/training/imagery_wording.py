"""How questions about labelled imagery are put."""

from __future__ import annotations

NOUNS = {
    "ship": (("ship", "ships"), ("vessel", "vessels"), ("boat", "boats")),
    "building": (("building", "buildings"), ("house", "houses")),
    "tree": (("tree", "trees"),),
}
EXISTENCE_FORMS = (
    "Is there {article} {noun}?",
    "Are there {nouns}?",
    "Are there any {nouns}?",
    "Are there {nouns} here?",
    "Do you see {article} {noun}?",
    "Can you see {article} {noun}?",
    "Can you see any {nouns}?",
)
COUNT_FORMS = (
    "How many {nouns} are there?",
    "How many {nouns} do you see?",
    "Count the {nouns}.",
    "What is the number of {nouns}?",
)
WHERE_FORMS = (
    "Where is the {most} {noun}?",
    "Where do you see the {most} {noun}?",
    "In which part is the {most} {noun}?",
)
SUPERLATIVES = {
    "largest": ("largest", "biggest"),
    "smallest": ("smallest",),
    "north": ("northernmost", "topmost"),
    "south": ("southernmost", "bottommost"),
    "west": ("westernmost", "leftmost"),
    "east": ("easternmost", "rightmost"),
}


def vocabulary() -> list[str]:
    """Every word of these."""
    nouns = [word for forms in NOUNS.values() for pair in forms for word in pair]
    blanks = dict.fromkeys(("article", "noun", "nouns", "most"), "")
    forms = [form.format(**blanks) for form in (*EXISTENCE_FORMS, *COUNT_FORMS, *WHERE_FORMS)]
    return [*nouns, *forms, *(word for words in SUPERLATIVES.values() for word in words)]
