"""Owns what most checks of one kind build on; must never say which checks those are."""

from __future__ import annotations

A_BASE = ("unpinned-base", "fat-base")
"""Of a base image that is at fault already, nothing is fetched to be measured."""
AN_IMAGE = (*A_BASE, "build-fails")
AN_END = (*AN_IMAGE, "exits-with-error")
AN_ANSWER = (*AN_IMAGE, "port-silent")
