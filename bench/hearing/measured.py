"""Runs a program and adds what it alone has used: python -I -S measured.py PROGRAM ARGUMENT...

The last line on standard output is {"type": "usage", "cpu_seconds": s, "memory_mb": MB}, of the program and of nothing else.

Why a process in between: Linux counts, as the peak of a child (ru_maxrss), also the memory of the process that it was forked
from, up to the exec. A scorer that holds numpy and scipy (120 MB) therefore reports 120 MB for any program that takes less.
This one imports nothing and holds 9 MB, less than any Python program.
"""

from __future__ import annotations

import json
import os
import sys


def main(command: list[str]) -> int:
    """Run it to its end; its exit code."""
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    told = {"type": "usage", "cpu_seconds": round(used.ru_utime + used.ru_stime, 3), "memory_mb": round(used.ru_maxrss / 1024, 1)}
    print(json.dumps(told))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
