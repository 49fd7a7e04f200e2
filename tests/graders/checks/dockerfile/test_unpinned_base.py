"""Owns the proof that unpinned-base says what it should, and no more; its samples are in the check."""

from __future__ import annotations

from collections.abc import Callable

from graders.checks.dockerfile.unpinned_base import CHECK

P = "FROM python:3.11-slim\n"

D = "@sha256:" + "0a" * 32
BAD = [
    ("# FROM python:3.11-slim\nFROM python\n", [2]),
    ("from Python as a\n".lower(), [1]),
    ("FROM python:3 AS b\nFROM python:3.11-slim\nCOPY --from=b /a /a\n", [1]),
    ("FROM python:3 AS b\nFROM python:3.11-slim\nRUN --mount=from=b,target=/a true\n", [1]),
    ("FROM python:3 AS b\nFROM b AS c\nFROM c\n", [1]),
    ("ARG TAG=slim\nFROM python:$TAG\n", [2]),
    ("ARG TAG=slim\nFROM python:${TAG:-3.11-slim}\n", [2]),
    ("ARG TAG=\nFROM python:${TAG:-slim}\n", [2]),
    ("FROM localhost:5000/python\n", [1]),
    ("FROM registry.example.com:8443/team/python:latest\n", [1]),
    ("FROM --platform=$BUILDPLATFORM python:slim\n", [1]),
    ("FROM python:slim-bookworm\n", [1]),
    ("FROM ubuntu:latest\n", [1]),
    ("FROM ubuntu:rolling\n", [1]),
    ("FROM debian:stable-slim\n", [1]),
    ("FROM ghcr.io/astral-sh/uv:latest AS uv\nFROM python:3.11-slim\nCOPY --from=uv /uv /bin/\n", [1]),
    ("FROM python:bookworm-3\n", [1]),
    ("FROM python:edge-v2\n", [1]),
    ("FROM nvidia/cuda:latest-12.4.1\n", [1]),
]
GOOD = [
    "FROM python:3.11-slim\n# FROM python:latest\nRUN echo 'FROM python:latest'\n",
    "FROM python:latest AS unused\nFROM python:3.11-slim\n",
    "FROM python:3.11-slim\nRUN <<EOF\nFROM python\nEOF\n",
    "FROM python:3.11-slim\nONBUILD COPY --from=python:latest /a /b\n",
    "FROM python:3.11-slim AS Base\nFROM base AS Dev\nFROM base\n",
    "FROM python" + D + "\n",
    "FROM python:latest" + D + "\n",
    "ARG BASE=python\nARG TAG=3.11-slim\nFROM ${BASE}:${TAG}\n",
    "ARG PY=3.11\nFROM python:${PY}-slim\n",
    "FROM python:${TAG:-3.11-slim}\n",
    "FROM registry.example.com:8443/team/python:3.11.9-slim\n",
    "FROM --platform=linux/amd64 python:3.11.9-slim-bookworm\n",
    "FROM debian:12-slim\n",
    "FROM debian:bookworm-20240513-slim\n",
    "FROM ubuntu:jammy\n",
    "FROM scratch\n",
    "FROM gcr.io/distroless/python3-debian12:nonroot" + D + "\n",
    "FROM pytorch/pytorch:2.4.0-cuda12.4-cudnn9-runtime\n",
    "FROM ghcr.io/astral-sh/uv:0.5.11-python3.11-bookworm-slim\n",
    "FROM ghcr.io/astral-sh/uv:python3.11-bookworm-slim" + D + "\n",
    "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n",
    "FROM continuumio/miniconda3:24.1.2-0\n",
    "FROM registry.example.com/app:4f2a9c1\n",
    "FROM alpine:3.20\n",
    "FROM python:3.13.0rc1-slim\n",
    "FROM public.ecr.aws/debian/debian:bookworm-slim\n",
    "FROM docker.io/library/debian:bookworm-slim\n",
]
UNDECIDED = [
    "ARG TAG\nFROM python:${TAG}\n",
    "FROM python:$TAG\n",
    "FROM python:3.11-slim AS a\nARG TAG=3.11\nFROM python:$TAG\n",
    "ARG REGISTRY\nFROM $REGISTRY/python\n",
    "FROM tool-$TARGETARCH\n",
]

WrongAnswers = Callable[..., dict[str, list[int | None]]]


def test_answers_are_those_of_the_tables(wrong_answers: WrongAnswers) -> None:
    """Each fault on its line, however it is written; words that only look like one mean nothing."""
    assert {} == wrong_answers(CHECK, bad=BAD, good=GOOD, undecided=UNDECIDED)
