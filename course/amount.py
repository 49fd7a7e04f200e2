"""Owns how sizes and times are written for people, on the desk and on the command line; must never round twice."""

from __future__ import annotations


def human_bytes(size_bytes: int) -> str:
    """ "12.3 MB"; powers of a thousand, as engines print them."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def seconds(elapsed_s: float) -> str:
    """ "0.4 s", "12 s", "2 min 05 s"."""
    if elapsed_s < 9.95:
        return f"{elapsed_s:.1f} s"
    if elapsed_s < 119.5:
        return f"{elapsed_s:.0f} s"
    minutes, rest = divmod(round(elapsed_s), 60)
    return f"{minutes} min {rest:02d} s"


def span(elapsed_s: float) -> str:
    """A rough length of time: "42 s", "7 min", "3 h 20 min"."""
    if elapsed_s < 90:
        return f"{elapsed_s:.0f} s"
    minutes = round(elapsed_s / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
