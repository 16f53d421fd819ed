"""A venue in which nobody wears anything pays nothing."""

from __future__ import annotations

import subprocess
import sys


def test_the_daemon_imports_nothing_of_performers_before_somebody_wears_something() -> None:
    code = "import sys, showctl.app; print([m for m in sys.modules if m.startswith(%r)])"
    names = ("showctl.performing", "showctl.analysis.gesture", "showctl.show.gate", "showctl.enrolments")
    done = subprocess.run([sys.executable, "-c", code % (names,)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
