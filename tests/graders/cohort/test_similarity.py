"""Tests of which submissions are alike: copies and rewritten copies are found, honest ones are not."""

from __future__ import annotations

from graders.cohort.similarity.compare import PAIRS_SHOWN, Alike, Kind, Similarity

STARTER = {"Dockerfile": b"FROM python:3.11-slim\nCOPY . .\nRUN pip install -r requirements.txt\n"}
OWN = (
    "FROM python:3.11-slim\n"
    "WORKDIR /srv/classifier\n"
    "COPY requirements.txt ./deps.txt\n"
    "RUN pip install --no-cache-dir -r deps.txt && useradd --system grader\n"
    "COPY app.py model.joblib ./\n"
    "USER grader\n"
    'CMD ["python", "app.py", "--serve"]\n'
)
OTHERS = [
    f"FROM python:3.11-slim\nWORKDIR /work/{name}\nRUN pip install {name}\nENV NAME_OF_{name}=1\nUSER {name}\n"
    for name in ("ann", "ben", "cem", "dan", "eva", "fay", "gil", "hal")
]


def alike(*texts: str, given: bool = True) -> Alike:
    """What is found among Dockerfiles, handed in by s0, s1 and so on."""
    similarity = Similarity([STARTER] if given else [])
    for number, text in enumerate(texts):
        similarity.add(f"s{number}", text, {"Dockerfile": text.encode()})
    return similarity.result()


def test_copy_is_a_group_of_identical() -> None:
    """The same bytes handed in by three are one group of three, and no pair besides."""
    similarity = Similarity([STARTER])
    similarity.add("a", "1" * 64, {"Dockerfile": OWN.encode()})

    assert similarity.knows("1" * 64)

    similarity.add("b", "1" * 64, None)
    similarity.add("c", "1" * 64, None)
    found = similarity.result()

    assert [(Kind.IDENTICAL, ("a", "b", "c"))] == [(group.kind, group.students) for group in found.groups]
    assert () == found.pairs
    assert (3, 0, 0) == (found.compared, found.unread, found.nothing_own)


def test_copy_with_other_comments_spacing_and_order_is_found() -> None:
    """A copy that was only dressed otherwise is a group, with its lines and where they stand."""
    lines = OWN.splitlines()
    dressed = "\n".join(["# all my own work, I promise", *lines[:4], *lines[5:], lines[4].replace(" ", "   ")])
    (group,) = alike(OWN, dressed, *OTHERS).groups

    assert (Kind.SAME_LINES, ("s0", "s1")) == (group.kind, group.students)
    assert ("Dockerfile:2", "Dockerfile:3") == group.lines[0].places
    assert "WORKDIR /srv/classifier" == group.lines[0].text


def test_copy_that_was_changed_in_places_is_a_pair() -> None:
    """Most own lines in common make a pair, the share and the lines with it."""
    changed = OWN.replace("/srv/classifier", "/app").replace("--serve", "--port")
    found = alike(OWN, changed, *OTHERS)
    (pair,) = found.pairs

    assert ("s0", "s1") == pair.students
    assert 0.5 <= pair.share < 1
    assert "COPY requirements.txt ./deps.txt" in [line.text for line in pair.lines]
    assert () == found.groups


def test_honest_answers_are_not_paired() -> None:
    """Answers that share what the exercise asks for, and nothing else, are not alike."""
    found = alike(*OTHERS)

    assert ((), ()) == (found.groups, found.pairs)


def test_what_was_given_is_no_evidence() -> None:
    """Who changed nothing of the starter is like nobody, and is counted."""
    dressed = STARTER["Dockerfile"].decode() + "\n\n"
    found = alike(STARTER["Dockerfile"].decode(), dressed)

    assert ((), (), 2) == (found.groups, found.pairs, found.nothing_own)


def test_line_that_many_have_is_no_evidence() -> None:
    """What half of the cohort writes ties nobody together."""
    common = "ENV A_LONG_NAME=1\nENV ANOTHER_NAME=2\nENV A_THIRD_NAME=3\nENV A_FOURTH_NAME=4\n"
    texts = [f"{common}ENV MINE_{number}=yes\nRUN make {number}\n" for number in range(20)]

    assert () == alike(*texts).pairs


def test_submission_that_cannot_be_read_again_is_counted() -> None:
    """It is compared with none, and nobody is told that it was."""
    similarity = Similarity()
    similarity.add("a", "1" * 64, None)

    assert (0, 1) == (similarity.result().compared, similarity.result().unread)


def test_many_that_are_alike_show_a_bounded_number_of_pairs() -> None:
    """The strongest are shown, and how many there are besides is told."""
    similarity = Similarity()
    for number in range(600):
        text = "".join(f"ENV {name}_{number // 2}=1\n" for name in "abcd") + f"RUN make {number}\n"
        similarity.add(f"s{number}", str(number), {"Dockerfile": text.encode()})
    found = similarity.result()

    assert (600, PAIRS_SHOWN, 300) == (found.compared, len(found.pairs), found.pairs_found)
