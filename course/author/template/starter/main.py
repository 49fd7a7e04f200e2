"""Say who runs this program, and end."""

from __future__ import annotations

import os
import sys

sys.stdout.write(f"Hello from user {os.getuid()}\n")
