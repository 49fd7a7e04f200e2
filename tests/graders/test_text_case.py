"""Texts for a program under test are different, of every label, and new with each nonce."""

from __future__ import annotations

from random import Random

from graders.exercise import TextSpec
from graders.text_case import make_cases

SPEC = TextSpec(
    count=5,
    templates=("the {thing} is {word}", "{word}: a {thing}"),
    things=("film", "tent"),
    words={"good": ("fine", "great"), "bad": ("dull",), "odd": ("strange",)},
)


def test_cases_are_different_and_of_every_label() -> None:
    """As many as asked for, none twice, each with the label of its word."""
    cases = make_cases(SPEC, Random("one"))

    assert 5 == len({case.text for case in cases})
    assert set(SPEC.words) == {case.label for case in cases}
    assert all(any(word in case.text for word in SPEC.words[case.label]) for case in cases)


def test_another_nonce_gives_other_cases() -> None:
    """Texts can't be known before."""
    assert len({make_cases(SPEC, Random(str(number))) for number in range(20)}) > 10


def test_fewer_come_where_the_templates_give_no_more() -> None:
    """Sixteen different texts are all that there are, and each comes once."""
    many = TextSpec(count=99, templates=SPEC.templates, things=SPEC.things, words=SPEC.words)

    assert 16 == len({case.text for case in make_cases(many, Random(3))}) == len(make_cases(many, Random(4)))
