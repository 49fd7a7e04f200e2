"""Owns the tables of the progress file and how an older file is brought up to them; must never read a row."""

from __future__ import annotations

_SCHEMA = (
    """CREATE TABLE attempts (
        id INTEGER PRIMARY KEY, exercise TEXT NOT NULL, at TEXT NOT NULL, verdict TEXT NOT NULL,
        points INTEGER NOT NULL, max_points INTEGER NOT NULL, content_sha256 TEXT NOT NULL, elapsed_s REAL NOT NULL,
        engine TEXT NOT NULL, image_id TEXT NOT NULL, image_bytes INTEGER, build_s REAL)""",
    "CREATE INDEX attempts_by_exercise ON attempts (exercise)",
    """CREATE TABLE outcomes (
        attempt INTEGER NOT NULL REFERENCES attempts (id), check_id TEXT NOT NULL, level TEXT NOT NULL,
        status TEXT NOT NULL, points INTEGER NOT NULL, max_points INTEGER NOT NULL,
        PRIMARY KEY (attempt, check_id)) WITHOUT ROWID""",
    """CREATE TABLE passes (
        exercise TEXT PRIMARY KEY, attempt INTEGER NOT NULL REFERENCES attempts (id), at TEXT NOT NULL)""",
    "CREATE TABLE hints (id INTEGER PRIMARY KEY, exercise TEXT NOT NULL, strength INTEGER NOT NULL, at TEXT NOT NULL)",
    """CREATE TABLE answers (
        id INTEGER PRIMARY KEY, lesson TEXT NOT NULL, quiz TEXT NOT NULL, choice INTEGER NOT NULL,
        correct INTEGER NOT NULL, at TEXT NOT NULL)""",
    "CREATE TABLE openings (id INTEGER PRIMARY KEY AUTOINCREMENT, lesson TEXT NOT NULL UNIQUE, at TEXT NOT NULL)",
    "CREATE TABLE give_ups (exercise TEXT PRIMARY KEY, at TEXT NOT NULL)",
)
_FROM_1_TO_2 = (
    "ALTER TABLE attempts ADD COLUMN rebuild_s REAL",
    "ALTER TABLE attempts ADD COLUMN rebuild_stopped INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempts ADD COLUMN steps INTEGER",
    "ALTER TABLE attempts ADD COLUMN cached_steps INTEGER",
    "ALTER TABLE attempts ADD COLUMN report_sha256 TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE attempts ADD COLUMN dockyard TEXT NOT NULL DEFAULT ''",
)
"""What a file of format 1 lacks. A new file is made as format 1 too, so that there is one way to format 2."""

STEPS = (_SCHEMA, _FROM_1_TO_2)
"""To version 1, and from there to version 2."""
