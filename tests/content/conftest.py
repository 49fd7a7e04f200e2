"""Owns where the tests of the content find it; must never change any of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.catalog import Catalog, read_catalog

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The course as it ships."""
    return read_catalog(ROOT)
