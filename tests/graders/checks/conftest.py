"""Owns which files here are no tests of ours: the answers of the fixtures hold tests of their own."""

from __future__ import annotations

collect_ignore = ["fixtures"]
