"""Owns the errors of grading; must never describe a learner's mistake, which is a finding.

GraderError                 message, hint (the next command), exit_code
  SpecError                 exercise.toml or a check's declaration is wrong          2
    UnknownCheckError       no check has this id                                     2
  SubmissionError           missing, unreadable, too large                           2
  GradebookError            a cohort's gradebook is damaged, newer, or in use        2
  EngineError               the engine did not do its part                           3
    EngineUnavailable       no daemon, no permission, no client                      3
    EngineTimeout           a deadline of ours passed                                4
    EngineCommandFailed     a program that we started ended badly                    3
    ImageUnavailable        an image is neither here nor to be had                   3
  Cancelled                 the user asked us to stop                              130
"""

from __future__ import annotations


class GraderError(Exception):
    """Base of all errors of ours: a message, a hint with the next command, and the exit code of the CLI."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SpecError(GraderError):
    """A specification is wrong; the message names the file and the key."""

    exit_code = 2


class UnknownCheckError(SpecError):
    """An id that no check has; the hint names the nearest ids."""


class SubmissionError(GraderError):
    """A submission can't be read: missing, unreadable or over a limit."""

    exit_code = 2


class GradebookError(GraderError):
    """A cohort's gradebook is damaged, newer than this program, or in use; it is never reset in silence."""

    exit_code = 2


class EngineError(GraderError):
    """The engine failed; never the learner's fault and never a zero."""

    exit_code = 3


class EngineUnavailable(EngineError):
    """No engine answers: no daemon, no permission, or nothing installed; the message says which."""


class EngineTimeout(EngineError):
    """A deadline of ours passed while we waited for the engine."""

    exit_code = 4

    def __init__(self, message: str, *, limit_s: float, elapsed_s: float, tail: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.limit_s = limit_s
        self.elapsed_s = elapsed_s
        self.tail = tail
        """The last lines of output before the deadline, cleaned."""


class EngineCommandFailed(EngineError):
    """A program that we started (apt-get, dockerd, mmdebstrap) ended with a failure."""

    def __init__(self, message: str, *, status: int, tail: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.tail = tail


class ImageUnavailable(EngineError):
    """An image is not on the engine, no registry gives it, and no stand-in of ours exists for it."""

    def __init__(self, reference: str, *, hint: str = "") -> None:
        super().__init__(f"The image {reference} is not on this engine and no registry answers", hint=hint)
        self.reference = reference


class Cancelled(GraderError):
    """The user asked us to stop."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("Stopped on request")
