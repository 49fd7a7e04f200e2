"""Tests of what the name of a handed-in file or folder says."""

from __future__ import annotations

from graders.cohort.collect.naming import Naming, read_name
from tests.rows import rows


@rows(
    ("name", "is_folder", "expected"),
    [
        ("s1001", True, Naming("s1001")),
        ("s1001.tar.gz", False, Naming("s1001")),
        ("j.smith", True, Naming("j.smith")),
        ("j.smith.zip", False, Naming("j.smith")),
        ("ada.pdf", False, Naming("ada")),
        ("ada", False, Naming("ada")),
        ("s1001 - Dockerfile", False, Naming("s1001", file="Dockerfile")),
        ("s1001.dockerignore", False, Naming("s1001", file=".dockerignore")),
        ("Ada Lee_77_assignsubmission_file_", True, Naming("", "Ada Lee", "77")),
        ("Ada Lee_77_assignsubmission_file_work.zip", False, Naming("", "Ada Lee", "77", "work.zip")),
        ("Under_Score_77_assignsubmission_file_a_b.zip", False, Naming("", "Under_Score", "77", "a_b.zip")),
        ("Ada Lee_77_assignsubmission_onlinetext_", True, Naming("", "Ada Lee", "77", is_text=True)),
        ("leeada_77_9001_work.zip", False, Naming("", "leeada", "77", "work.zip", 0, 9001)),
        ("leeada_LATE_77_9001_work-2.zip", False, Naming("", "leeada", "77", "work.zip", 2, 9001, is_late=True)),
        ("leeada_77_9001_Dockerfile-1", False, Naming("", "leeada", "77", "Dockerfile", 1, 9001)),
        ("leeada_77_9001_dockerignore", False, Naming("", "leeada", "77", ".dockerignore", 0, 9001)),
        ("leeada_77_text.html", False, Naming("", "leeada", "77", "leeada_77_text.html", is_text=True)),
        ("leeada_77_9001_work", True, Naming("leeada_77_9001_work")),
    ],
)
def test_name_is_taken_apart(name: str, is_folder: bool, expected: Naming) -> None:
    """Plain names, Moodle's and Canvas's say who handed in, which file and which attempt."""
    assert expected == read_name(name, is_folder=is_folder)


def test_hostile_name_becomes_a_line_of_text() -> None:
    """No sequence and no direction mark is left in who it is from."""
    naming = read_name("\x1b[31mAda\u202e_77_assignsubmission_file_x.zip", is_folder=False)

    assert naming.person.isprintable()
    assert "\x1b" not in naming.person
