"""`showctl osc bench`: what the OSC intake takes without loss on this machine, measured through the real path.

The intake runs here as it does in the daemon, on a port of loopback, with the dictionary behind it; a process of its own sends
from a hundred addresses of loopback and more, each below what one sender may send. What is lost is what the kernel dropped
because nobody read in time, as the socket itself counts it. CPU is that of this process from the first packet to the last; the
longest pause is how long the event loop was kept from anything else. Only the bound on all senders together is lifted: the
question is what the machine takes.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

DONE, WRONG_USE, MISSING = 0, 2, 69
RATES = (10_000, 20_000, 40_000, 60_000, 80_000)  # messages a second, in turn
SOURCES, EACH = 100, 400  # senders at least; messages a second of one at most
MOST_SOURCES = 1000
LOOK_S = 0.005  # how often the loop is asked for a sign of life
DRAIN_S = 2.0  # until what waits in the kernel has been read


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="of all rates together (%(default)g)")
    rates = ", ".join(map(str, RATES))
    parser.add_argument("--rate", type=int, metavar="N", help=f"messages a second (default: {rates} in turn)")
    parser.add_argument(
        "--sources", type=int, metavar="N", help=f"senders (default: {SOURCES}, more where one would send too much)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0, 2 for a wrong number, 69 where loopback cannot be had."""
    import asyncio
    import logging

    from showctl.model import DeviceError

    rates = RATES if args.rate is None else (args.rate,)
    if not (0.5 <= args.seconds <= 3600 and 1 <= min(rates) <= max(rates) <= 1_000_000):
        print("showctl osc bench: --seconds must be 0.5..3600, --rate 1..1000000", file=sys.stderr)
        return WRONG_USE
    if args.sources is not None and not 1 <= args.sources <= MOST_SOURCES:
        print(f"showctl osc bench: --sources must be 1..{MOST_SOURCES}", file=sys.stderr)
        return WRONG_USE
    logging.disable()
    try:
        steps = [asyncio.run(step(rate, args.sources or _sources(rate), args.seconds / len(rates))) for rate in rates]
    except DeviceError as error:
        print(f"showctl osc bench: {error}", file=sys.stderr)
        return MISSING
    finally:
        logging.disable(logging.NOTSET)
    result = summary(steps)
    print(json.dumps(result) if args.json else as_text(result))
    return DONE


def _sources(rate: int) -> int:
    """As many senders as it takes for each to stay below what one may send."""
    return min(max(SOURCES, -(-rate // EACH)), MOST_SOURCES)


def summary(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """The fastest step without loss, and all of them."""
    kept = [one for one in steps if not one["lost"] and not one["cut_off"]]
    best = max(kept, key=lambda one: one["messages_per_second"]) if kept else None
    return {"lossless_per_second": 0 if best is None else best["messages_per_second"], "best": best, "steps": steps}


def as_text(result: dict[str, Any]) -> str:
    """A result for people."""
    rows = ["   messages/s  senders    lost  cut off   CPU   us each  longest pause"]
    for one in result["steps"]:
        counts = f"  {one['messages_per_second']:>11} {one['sources']:>8} {one['lost']:>7} {one['cut_off']:>8}"
        rows.append(
            f"{counts}  {100 * one['cpu_share']:>3.0f} % {one['us_per_message']:>8.1f}  {one['longest_pause_ms']:>9.1f} ms"
        )
    best = result["lossless_per_second"]
    rows.append(f"without loss: {best:.0f} messages a second" if best else "there was loss at every rate")
    return "\n".join(rows)


async def step(rate: int, sources: int, seconds: float) -> dict[str, Any]:
    """One rate. Raises DeviceError where the intake or the sender cannot begin."""
    import asyncio
    import time

    from showctl.config.words import Words
    from showctl.inputs.osc import OscInput
    from showctl.model import DeviceError
    from showctl.plan import CueList, Plan, Submaster

    plan = Plan((), lists=(CueList("main", ()),), submasters=(Submaster("probe", "additive", ()),))
    words, clock = Words(plan), time.monotonic
    intake = OscInput("127.0.0.1", 0, together=1e9, emit=lambda _: True, now=clock, names=lambda: words)
    intake.open()
    task = asyncio.create_task(intake.run())
    command = (sys.executable, "-m", "showctl.commands.osc_sender", intake.port, rate, seconds, sources)
    pipe = asyncio.subprocess.PIPE
    sender = await asyncio.create_subprocess_exec(*map(str, command), stdin=pipe, stdout=pipe, stderr=pipe)
    assert sender.stdout is not None
    try:
        await sender.stdout.readline()  # it is ready, or it has ended
        began = time.process_time()
        said, longest = asyncio.create_task(sender.communicate(b"\n")), 0.0
        while not said.done():
            last = clock()
            await asyncio.wait([said], timeout=LOOK_S)
            if not said.done():
                longest = max(longest, clock() - last - LOOK_S)
        out, trouble = said.result()
        if sender.returncode:
            raise DeviceError(f"the sender failed: {trouble.decode('utf-8', 'replace').strip()[-200:]}")
        sent = json.loads(out)
        counts = await _drained(intake, sent["sent"])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    cpu = time.process_time() - began
    return {
        "rate": rate,
        "sources": sources,
        "seconds": round(sent["seconds"], 3),
        "sent": sent["sent"],
        "received": int(counts["received"]),
        "acted_on": int(counts["fired"] + counts["superseded"]),
        "lost": sent["sent"] - int(counts["received"]),
        "cut_off": int(counts["cut_off"]),
        "messages_per_second": round(counts["received"] / sent["seconds"]),
        "cpu_seconds": round(cpu, 3),
        "cpu_share": round(cpu / sent["seconds"], 4),
        "us_per_message": round(1e6 * cpu / max(counts["received"], 1), 2),
        "longest_pause_ms": round(1000 * longest, 1),
    }


async def _drained(intake: Any, sent: int) -> dict[str, float]:
    """The intake's counters once everything that was sent has been read or dropped by the kernel, or some time has passed."""
    import asyncio
    import time

    end = time.monotonic() + DRAIN_S
    while True:
        counts = dict(intake.health().counters)
        if counts["received"] + counts.get("lost_by_kernel", 0.0) >= sent or time.monotonic() > end:
            return counts
        await asyncio.sleep(LOOK_S)
