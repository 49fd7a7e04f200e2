"""Tests of the order in which a run takes submissions."""

from __future__ import annotations

from graders.cohort.backlog import Backlog
from graders.cohort.plan import Job
from graders.cohort.row import Row, RowState, Student


def row(name: str) -> Row:
    return Row(Student(name), RowState.READY)


def job(name: str, *followers: str) -> Job:
    return Job(row(name), f"key of {name}", "0" * 64, [row(follower) for follower in followers])


def taken(backlog: Backlog, *at_work: Job) -> str:
    """Whose is next; empty when none may begin."""
    found = backlog.take(at_work)
    return "" if found is None else found.student_id


def test_what_is_put_back_comes_next_and_what_goes_alone_comes_last() -> None:
    """One that is to have nothing beside it waits until nothing is left and nobody is at work."""
    backlog, ada, bob = Backlog(), job("ada"), job("bob")
    backlog.extend([job("cleo"), job("dan")])
    backlog.put_back(ada, last=True)
    backlog.put_back(bob, last=False)

    assert 4 == len(backlog)
    assert ["bob", "cleo", "dan"] == [taken(backlog) for _ in range(3)]
    assert "" == taken(backlog, bob)
    assert "ada" == taken(backlog)
    assert not backlog


def test_nothing_begins_beside_one_that_is_alone() -> None:
    """Until it is done, also what came after it waits."""
    backlog, alone = Backlog(), job("ada")
    alone.alone = True
    backlog.extend([job("bob")])

    assert "" == taken(backlog, alone)
    assert "bob" == taken(backlog, job("cleo"))


def test_those_that_were_identical_go_on_together_without_the_first() -> None:
    """They are one submission still, under the key that they had."""
    backlog, first = Backlog(), job("ada", "bob", "cleo")

    backlog.part(first)
    backlog.part(first)
    parted = backlog.take(())

    assert parted is not None
    assert ("bob", ["cleo"]) == (parted.student_id, [row.student.id for row in parted.followers])
    assert ("key of ada", []) == (parted.key, first.followers)
    assert not backlog
