"""Owns the errors of the course; must never describe a learner's mistake, which is a finding.

CourseError       message, hint (the next command), exit_code
  ConfigError     a setting, an option or the environment is wrong            2
  ContentError    a lesson, an exercise or course.toml is wrong               2
  WorkspaceError  the workspace can't be read or written                      2
  ProgressError   the progress file is damaged or newer than this program     2
  LockedError     a lesson, an exercise or a solution is not open yet         2
"""

from __future__ import annotations


class CourseError(Exception):
    """Base of the course's errors: a message, a hint with the next command, and the exit code of the CLI."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(CourseError):
    """A setting, an option or the environment is wrong."""


class ContentError(CourseError):
    """A lesson, an exercise or course.toml is wrong; the message names file and key."""


class WorkspaceError(CourseError):
    """The workspace can't be read or written."""


class ProgressError(CourseError):
    """The progress file is damaged or newer than this program; it was kept aside, never reset in silence."""


class LockedError(CourseError):
    """A lesson, an exercise or a solution is not open yet; the hint says what opens it."""
