"""What benches of the whole program share: a network of their own, and an output that ends with them."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path


def alone() -> None:
    """Begin anew in a network namespace of our own (needs root), so that no other show's light is taken for ours."""
    if os.environ.get("ALONE") != "1":
        inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "alone", sys.executable, *sys.argv]
        os.execvpe("unshare", ["unshare", "--net", *inside], {**os.environ, "ALONE": "1"})


def end_output(runtime: Path) -> None:
    """The venue holds its light when the daemon stops: end the output, too, by its pid."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(int((runtime / "output.lock").read_text()), signal.SIGTERM)
