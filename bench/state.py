"""What the state of an engine costs: to take it between two ticks, to pack it beside them, and to take a changed plan over.

    python bench/state.py [--universes 1 8 32 128 512]

For the made-up shows of `universes.py` in the midst of their night. Taking is what the loop waits for; packing and JSON happen in
another thread; taking over is one palette changed in every cue, prepared beforehand.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import universes
from showctl.model import Inputs
from showctl.plan import Category, Cue, Plan
from showctl.show.engine import ShowEngine
from showctl.show.state import State

TIMES = 5
MOMENT = 5.0  # s of the night


def timed(what: Callable[[], object], times: int = TIMES) -> float:
    """The least of several times, in ms of CPU."""
    spent = []
    for _ in range(times):
        began = time.process_time_ns()
        what()
        spent.append((time.process_time_ns() - began) / 1e6)
    return min(spent)


def changed(plan: Plan) -> Plan:
    """Every position that a cue gives is another."""
    position = [p.category is Category.POSITION for p in plan.parameters]

    def other(cue: Cue) -> Cue:
        return replace(cue, moves=tuple(m._replace(value=1.0 - m.value) if position[m.parameter] else m for m in cue.moves))

    return replace(plan, lists=tuple(replace(one, cues=tuple(map(other, one.cues))) for one in plan.lists))


def measured(count: int) -> str:
    """A line of the table."""
    plan = universes.show(count, 1)
    engine = ShowEngine(plan)
    for now, inputs in universes.night():
        engine.step(now, inputs)
        if now > MOMENT:
            break
    frame = timed(lambda: engine.step(now, Inputs()))
    state = engine.state(now)
    take, pack = timed(lambda: engine.state(now)), timed(state.pack, 1)
    text = json.dumps(state.pack())
    restore = timed(lambda: ShowEngine.restored(plan, State.unpack(json.loads(text))), 1)
    prepare, over = zip(*(taken_over(changed(plan), engine, now, frame) for _ in range(3)), strict=True)
    numbers = f"{frame:8.2f} | {take:7.2f} | {pack:7.1f} | {len(text) / 1e6:7.2f} | {restore:10.1f}"
    return f"{count:9} {len(plan.parameters):10} | {numbers} | {min(prepare):10.1f} | {min(over):.2f}"


def taken_over(plan: Plan, old: ShowEngine, now: float, frame: float) -> tuple[float, float]:
    """Preparing, and what the tick that takes over costs more than others, ms."""
    fresh = ShowEngine(plan)
    prepare = timed(lambda: fresh.prepare(old), 1)
    return prepare, timed(lambda: fresh.take_over(old, now), 1) + timed(lambda: fresh.step(now, Inputs()), 1) - frame


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--universes", type=int, nargs="+", default=[1, 8, 32, 128, 512])
    print("universes parameters | frame ms | take ms | pack ms | JSON MB | restore ms | prepare ms | take over ms")
    for count in parser.parse_args().universes:
        print(measured(count))


if __name__ == "__main__":
    main()
