"""Owns the picture of the report page in the documentation.

    python -m tests.graders.cohort.page_picture

makes docs/screenshots/cohort-report.png in a real Chromium, from a made cohort of 200.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from graders.cohort.gradebook.worth import LatePolicy
from graders.cohort.hand_back.outputs import HandBackOptions
from graders.cohort.hand_back.run import write_all
from graders.cohort.row import Row
from tests.browser import open_chromium
from tests.graders.cohort.made_rows import DUE, EXERCISE, NOW, made_rows

PICTURE = Path(__file__).parents[3] / "docs" / "screenshots" / "cohort-report.png"
SIZE = (1280, 1130)


def own_files(row: Row) -> Mapping[str, bytes]:
    """What a student handed in: one in ten says the same as the one before."""
    number = int(row.student.id.removeprefix("s"))
    name = (number - (number % 20 == 0)) * 7919 % 100_003
    return {"Dockerfile": f"FROM python:3.11-slim\nWORKDIR /srv/{name}\nUSER u{name}\nENV A{name}=1\n".encode()}


def main() -> None:
    """Make the picture."""
    with tempfile.TemporaryDirectory(prefix="dockyard-picture-") as scratch:
        options = HandBackOptions(NOW, LatePolicy(DUE, percent_per_day=10.0, cap_percent=50.0))
        exercise = replace(EXERCISE, read_files=own_files)
        page = write_all(Path(scratch) / "out", made_rows(200), exercise, options).page
        with open_chromium(Path(scratch) / "chromium") as browser:
            width, height = SIZE
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            browser.get(page.as_uri())
            shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": False})
            PICTURE.write_bytes(base64.b64decode(shot["data"]))
    print(f"{PICTURE}: {PICTURE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
