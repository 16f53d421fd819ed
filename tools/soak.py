"""Runs the demo for a while and watches what it costs: CPU and PSS of all its processes together, threads, files, health.

    python tools/soak.py [--seconds 300] [--cpu-at-most 40] [--pss-at-most 250] [--growth-at-most 10]

CPU is per cent of one core, PSS megabytes (shared pages counted once). A minute after the start is taken as the beginning of
the steady state (a third of a shorter run). Prints a line every ten seconds and a last one; exit code 1 if a limit is passed,
the health was ever "failed", or a process ended that should not have.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

EVERY_S = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """What a family of processes has used and holds."""

    cpu_s: float
    pss_mb: float
    processes: int
    threads: int
    files: int


def family(root: int) -> list[int]:
    """A process and all that descend from it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it ended while we looked
                continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cost(pids: list[int]) -> Cost:
    """The sum over these processes."""
    cpu = pss = 0.0
    threads = files = 0
    for pid in pids:
        folder = Path(f"/proc/{pid}")
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            rollup = (folder / "smaps_rollup").read_text().splitlines()
            files += len(list((folder / "fd").iterdir()))
        except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
            continue
        cpu += (int(stat[11]) + int(stat[12])) / TICKS
        threads += int(stat[17])
        pss += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024
    return Cost(cpu, pss, len(pids), threads, files)


def free_port(kind: socket.SocketKind) -> int:
    """A port nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def health(port: int) -> str:
    """The word of /api/health, or "silent"."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:
            return str(json.load(answer)["state"])
    except OSError:
        return "silent"


def main() -> int:
    """Run, watch, judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--cpu-at-most", type=float, default=40.0, metavar="PERCENT")
    parser.add_argument("--pss-at-most", type=float, default=250.0, metavar="MB")
    parser.add_argument("--growth-at-most", type=float, default=10.0, metavar="MB")
    args = parser.parse_args()
    http, osc = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, "-m", "showctl", "demo", "--no-browser", "--state", state]
        command += ["--http", f"127.0.0.1:{http}", "--osc", f"127.0.0.1:{osc}", "--seconds", str(args.seconds + 60)]
        demo = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            wrong = watch(demo, http, args)
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(30)
    for line in wrong:
        print(f"falls short: {line}")
    return int(bool(wrong))


def watch(demo: subprocess.Popen[bytes], http: int, args: argparse.Namespace) -> list[str]:
    """Look every ten seconds; what is wrong at the end, in words."""
    began = time.monotonic()
    while health(http) == "silent":
        if demo.poll() is not None or time.monotonic() - began > 60:
            return ["the demo did not start"]
        time.sleep(0.2)
    steady_from = began + min(60.0, args.seconds / 3)
    words: set[str] = set()
    steady: list[tuple[float, Cost]] = []
    print("     s    CPU %   PSS MB  processes  threads  files  health", flush=True)
    last, then = cost(family(demo.pid)), time.monotonic()
    while time.monotonic() - began < args.seconds:
        time.sleep(EVERY_S)
        if demo.poll() is not None:
            return [*(f"health {word}" for word in words - {"running", "degraded"}), f"the demo ended with {demo.returncode}"]
        now, at, word = cost(family(demo.pid)), time.monotonic(), health(http)
        words.add(word)
        percent = 100 * (now.cpu_s - last.cpu_s) / (at - then)
        print(
            f"{at - began:6.0f}  {percent:7.1f}  {now.pss_mb:7.1f}  {now.processes:9}  {now.threads:7}  {now.files:5}  {word}",
            flush=True,
        )
        last, then = now, at
        if at >= steady_from:
            steady.append((at, now))
    return judge(steady, words, args)


def judge(steady: list[tuple[float, Cost]], words: set[str], args: argparse.Namespace) -> list[str]:
    """Compare the steady state with the limits."""
    if len(steady) < 2:
        return ["too short to judge: --seconds 60 at least"]
    (start, first), (end, last) = steady[0], steady[-1]
    cpu = 100 * (last.cpu_s - first.cpu_s) / (end - start)
    most = max(one.pss_mb for _, one in steady)
    growth = last.pss_mb - first.pss_mb
    print(f"steady for {end - start:.0f} s: {cpu:.1f} % of a core, at most {most:.1f} MB, grown by {growth:+.1f} MB")
    limits = (
        (cpu > args.cpu_at_most, f"CPU {cpu:.1f} % > {args.cpu_at_most:g} %"),
        (most > args.pss_at_most, f"PSS {most:.1f} MB > {args.pss_at_most:g} MB"),
        (growth > args.growth_at_most, f"grown by {growth:.1f} MB > {args.growth_at_most:g} MB"),
        (last.files > first.files + 5, f"open files grew from {first.files} to {last.files}"),
        (last.threads > first.threads + 5, f"threads grew from {first.threads} to {last.threads}"),
        (bool(words - {"running", "degraded"}), f"health was {', '.join(sorted(words))}"),
    )
    return [text for passed, text in limits if passed]


if __name__ == "__main__":
    sys.exit(main())
