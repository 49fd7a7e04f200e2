"""Owns the proof that fat-base says what it should, and no more; its samples are in the check."""

from __future__ import annotations

from collections.abc import Callable

from graders.checks.dockerfile.fat_base import CHECK

P = "FROM python:3.11-slim\n"

D = "@sha256:" + "0a" * 32
BAD = [
    ("# FROM python:3.11-slim\nFROM python:3.11\n", [2]),
    ("FROM python:3.11-slim AS slim\nFROM python:3.11 AS final-slim\n", [2]),
    ("FROM python:3.11 AS slim\nFROM SLIM\nCMD []\n".replace("SLIM", "slim"), [1]),
    ("ARG TAG=3.11\nFROM python:${TAG:-3.11-slim}\n", [2]),
    ("ARG TAG=\nFROM python:${TAG:-3.11}\n", [2]),
    ("FROM index.docker.io/library/python:3.11\n", [1]),
    ("FROM registry.example.com:5000/library/python:3.11\n", [1]),
    ("FROM --platform=linux/amd64 python:3.11-bookworm\n", [1]),
    ("FROM python:3.11" + D + "\n", [1]),
    ("FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\n", [1]),
    ("FROM quay.io/jupyter/scipy-notebook:2024-05-27\n", [1]),
    ("FROM debian:bookworm\n", [1]),
    ("FROM python:3.11-slimmer\n", [1]),
]
GOOD = [
    "FROM python:3.11-slim\n# FROM python:3.11\nRUN echo 'FROM python:3.11'\n",
    "FROM python:3.11 AS build\nFROM python:3.11-slim\nCOPY --from=build /a /a\n",
    "FROM python:3.11-slim AS base\nFROM base\nRUN <<EOF\nFROM python:3.11\nEOF\n",
    "FROM python:3.11-slim AS full\nFROM full AS devel\n",
    "FROM python:3.11-slim-bookworm" + D + "\n",
    "FROM registry.example.com:5000/library/python:3.11-slim\n",
    "FROM registry.example.com:5000/team/python:3.11\n",
    "from python:3.11-ALPINE\n",
    "FROM --platform=$TARGETPLATFORM python:3.11-slim\nONBUILD RUN true\n",
    "FROM scratch\n",
    "FROM alpine:3.20\n",
    "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n",
    "FROM gcr.io/distroless/python3-debian12:nonroot\n",
    "ARG VARIANT=slim\nFROM python:3.11-${VARIANT}\n",
    "FROM ghcr.io/astral-sh/uv:0.5.11-python3.11-bookworm-slim\n",
    "FROM python:3.11-slim AS python\nFROM python\n",
    "",
]
UNDECIDED = ["ARG TAG\nFROM python:${TAG}\n", "FROM $BASE\n", "FROM python" + D + "\n", "FROM $BASE AS a\nFROM a\n"]

WrongAnswers = Callable[..., dict[str, list[int | None]]]


def test_answers_are_those_of_the_tables(wrong_answers: WrongAnswers) -> None:
    """Each fault on its line, however it is written; words that only look like one mean nothing."""
    assert {} == wrong_answers(CHECK, bad=BAD, good=GOOD, undecided=UNDECIDED)
