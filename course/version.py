"""Owns the version, in one place; must never hold anything else."""

from __future__ import annotations

__version__ = "0.2.0"
