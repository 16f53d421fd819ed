"""The whole suite, in two pytest processes at once: `make test`.

    python tools/suite.py [ARGUMENTS OF PYTEST]

What meets real programs (tests/real) mostly waits: for a server, for a browser, for sound that takes its time. Beside it, on
the other core, runs all the rest, which only reckons; it does so with less right to the processor (nice), since the lateness
of real sound and of real packets is measured, and its own is not. The two share no port, no sound server and no file. Output of
the real part is kept and shown in one piece after that of the rest. With arguments there is one pytest, which has them all.

Exit code 0 if both pass; Ctrl-C and SIGTERM end both as Ctrl-C ends pytest, with whatever their tests have started.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile

PYTEST = [sys.executable, "-m", "pytest"]
REAL = "tests/real"


def main(arguments: list[str]) -> int:
    """Run it; the exit code."""
    if arguments:
        os.execv(sys.executable, [*PYTEST, *arguments])
    running: list[subprocess.Popen[bytes]] = []
    # The terminal sends Ctrl-C to all three; here it changes nothing, so that both can clean up and be waited for.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: [one.send_signal(signal.SIGINT) for one in running])
    with tempfile.TemporaryFile("w+", errors="replace") as kept:
        real = subprocess.Popen([*PYTEST, "-p", "no:cacheprovider", REAL], stdout=kept, stderr=subprocess.STDOUT)
        running.append(real)
        rest = subprocess.Popen(["nice", "-n", "5", *PYTEST, f"--ignore={REAL}"])
        running.append(rest)
        codes = {"All but the real servers": rest.wait(), "The real servers": real.wait()}
        kept.seek(0)
        print(f"\n== The real servers (pytest {REAL})\n", flush=True)
        shutil.copyfileobj(kept, sys.stdout)
    print()
    for part, code in codes.items():
        print(f"== {part}: {'passed' if code == 0 else f'FAILED, pytest ended with {code}: see above'}")
    return next((code for code in codes.values() if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
