"""Only what may be left of a run is looked for; what went another way than it should leaves a doubt about all."""

from __future__ import annotations

from contextlib import suppress

from graders.engine.docker.made import Made


def test_run_that_nobody_here_began_may_have_left_anything() -> None:
    """Another program made it, which was killed."""
    assert (True, ()) == Made().take("theirs")


def test_work_that_ended_in_peace_left_its_images() -> None:
    """Each once, and nothing of another run's; who asks again is told of the doubt that is left."""
    made = Made()
    for image in ("b", "a", "b"):
        with made.at_work("one"):
            made.note_image("one", image)
    with made.at_work("two"):
        pass

    assert (False, ("a", "b")) == made.take("one")
    assert (False, ()) == made.take("two")
    assert (True, ()) == made.take("one")


def test_work_that_broke_off_may_have_left_anything() -> None:
    """So may work that goes on while another ends, and what said itself that it doubts."""
    made = Made()
    with suppress(KeyboardInterrupt), made.at_work("broken"):
        raise KeyboardInterrupt
    with made.at_work("broken"):
        pass
    with made.at_work("doubted"):
        made.doubt("doubted")
    with made.at_work("going on"):
        with made.at_work("going on"):
            pass
        going_on = made.take("going on")

    assert [(True, ())] * 3 == [made.take("broken"), made.take("doubted"), going_on]
