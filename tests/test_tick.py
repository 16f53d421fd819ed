"""The live driver's heart, with an engine and an output that only write down what reached them."""

import asyncio
import time

import numpy as np
import pytest

from showctl import tick
from showctl.clock import Clock
from showctl.model import Features, Flash, Go, Happened, Inputs, PlaybackState, ShowFrame, State, StopAll
from showctl.tick import CONTROLS_WAITING, Ticker

PERIOD_NS = 5_000_000


class Sink:
    """An output with a fast grid."""

    def __init__(self):
        self.frames, self.period_ns = [], PERIOD_NS
        self.seen = asyncio.Event()

    def next_deadline(self, now_ns):
        return (now_ns + 2_000_000) // self.period_ns * self.period_ns + self.period_ns

    def submit(self, slots, deadline_ns, early=False):
        self.frames.append((deadline_ns, early, int(slots[0, 0])))
        self.seen.set()


class Engine:
    """Counts its steps into the first slot; fails when it is told to."""

    def __init__(self):
        self.steps, self.fail = [], 0
        self.slices, self.work = [], 0

    def ahead(self) -> bool:
        self.slices.append(len(self.steps))
        if self.work < 0:
            raise ZeroDivisionError("on purpose")
        self.work = max(0, self.work - 1)
        return self.work > 0

    def step(self, now: float, inputs: Inputs) -> ShowFrame:
        self.steps.append((now, inputs))
        if self.fail:
            self.fail -= 1
            raise ZeroDivisionError("on purpose")
        slots = np.full((1, 512), len(self.steps) % 256, np.uint8)
        return ShowFrame(now, slots, PlaybackState(lists=()))


class Bench:
    """A ticker and all that it needs."""

    def __init__(self):
        self.engine, self.sink, self.clock = Engine(), Sink(), Clock()
        self.health, self.inputs, self.rebuilt, self.gather = [], [], [], lambda: None
        self.ticker = Ticker(
            self.engine,
            self.sink,
            self.clock,
            on_step=lambda inputs, _: self.inputs.append(inputs),
            on_health=self.health.append,
            rebuild=self._rebuild,
            gather=lambda: self.gather(),
        )

    def _rebuild(self, playback, at):
        self.rebuilt.append((playback, at))
        return self.engine

    async def until(self, condition, seconds=10.0):
        task = asyncio.create_task(self.ticker.run())
        end = time.monotonic() + seconds
        try:
            while not condition():
                assert time.monotonic() < end, "it never came to that"
                self.sink.seen.clear()
                await asyncio.wait_for(self.sink.seen.wait(), seconds)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_each_look_is_of_a_deadline_and_they_only_go_forward():
    bench = Bench()
    await bench.until(lambda: len(bench.sink.frames) >= 20)
    deadlines = [deadline for deadline, early, _ in bench.sink.frames if not early]
    assert all(deadline % PERIOD_NS == 0 for deadline in deadlines)
    assert all(a < b for a, b in zip(deadlines, deadlines[1:], strict=False))
    times = [now for now, _ in bench.engine.steps]
    assert times == sorted(times)


async def test_a_control_is_stepped_at_once_and_only_once():
    bench = Bench()
    bench.ticker.emit(Go(time=0.0))  # before it runs: waits for the first tick
    await bench.until(lambda: len(bench.sink.frames) >= 3)
    go = Go(time=bench.clock.now(), source="test")
    task = asyncio.create_task(bench.ticker.run())
    await asyncio.sleep(0)
    bench.ticker.emit(go)
    while not any(go in inputs.controls for inputs in bench.inputs):
        bench.sink.seen.clear()
        await asyncio.wait_for(bench.sink.seen.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sum(go in inputs.controls for inputs in bench.inputs) == 1
    assert any(early for _, early, _ in bench.sink.frames)


async def test_what_comes_with_the_tick_goes_into_its_very_step_and_hurries_nobody():
    bench = Bench()
    bench.gather = lambda: bench.ticker.emit(Go(time=0.0, source="each tick"))
    await bench.until(lambda: len(bench.sink.frames) >= 10)
    assert not any(early for _, early, _ in bench.sink.frames)
    assert all(len(inputs.controls) == 1 for inputs in bench.inputs)


async def test_what_fails_with_the_tick_costs_no_look():
    bench = Bench()
    bench.gather = lambda: 1 / 0
    await bench.until(lambda: len(bench.sink.frames) >= 5)
    assert bench.ticker.faults >= 5
    assert not bench.rebuilt


async def test_features_arrive_in_order_and_the_oldest_go_when_nobody_ticks():
    bench = Bench()
    bench.ticker.hear(Features(time=i / 100, level=-20.0) for i in range(1500))
    await bench.until(lambda: len(bench.inputs) >= 1)
    times = [one.time for one in bench.inputs[0].features]
    assert len(times) == 1000
    assert times[-1] == 14.99
    assert times == sorted(times)


async def test_a_flood_of_controls_is_refused_and_what_ends_something_is_not():
    bench = Bench()
    taken = [bench.ticker.emit(Go(time=0.0)) for _ in range(CONTROLS_WAITING + 10)]
    assert taken.count(True) == CONTROLS_WAITING
    ends = [Flash(time=0.0, submaster="front", on=False), StopAll(time=0.0)]
    assert all(bench.ticker.emit(one) for one in ends * 1000)
    assert not bench.ticker.emit(Go(time=0.0))
    await bench.until(lambda: bench.inputs)
    assert bench.inputs[0].controls == (*[Go(time=0.0)] * CONTROLS_WAITING, *ends)


async def test_a_step_that_raises_keeps_the_last_look_and_the_engine_is_built_anew_after_three(caplog):
    bench = Bench()
    await bench.until(lambda: len(bench.sink.frames) >= 2)
    before = bench.sink.frames[-1][2]
    bench.engine.fail = 3
    count = len(bench.sink.frames)
    await bench.until(lambda: len(bench.sink.frames) >= count + 5)
    after = [value for _, _, value in bench.sink.frames[count:]]
    assert after[:3] == [before] * 3
    assert after[4] != before
    assert len(bench.rebuilt) == 1
    assert "on purpose" in caplog.text
    assert caplog.text.count("ZeroDivisionError: on purpose") == 1
    assert bench.health[-1].state in (State.RUNNING, State.DEGRADED)


async def test_what_follows_a_look_may_fail_and_the_grid_goes_on(caplog):
    bench = Bench()

    def fail(inputs, frame):
        raise ValueError("the page is full")

    bench.ticker._on_step = fail
    await bench.until(lambda: len(bench.sink.frames) >= 5)
    looks = [value for _, _, value in bench.sink.frames]
    assert looks == sorted(looks)
    assert bench.ticker.faults >= 4
    assert caplog.text.count("ValueError: the page is full") == 1


async def test_an_engine_that_cannot_be_built_anew_is_asked_again(caplog):
    bench = Bench()
    bench.engine.fail = 4

    def fail(playback, at):
        raise ValueError("no engine today")

    bench.ticker._rebuild = fail
    await bench.until(lambda: len(bench.sink.frames) >= 2)
    assert bench.ticker.ticks >= 2
    assert "no engine today" in caplog.text


async def test_an_engine_without_a_look_is_starting():
    bench = Bench()
    bench.ticker._tell()
    assert bench.health[-1].state is State.STARTING
    bench.health.clear()
    await bench.until(lambda: len(bench.sink.frames) >= 1)
    assert [one.state for one in bench.health] == [State.STARTING, State.RUNNING]


async def test_between_two_ticks_the_next_cues_are_worked_out_slice_by_slice():
    bench = Bench()
    bench.sink.period_ns, bench.engine.work = 40_000_000, 30
    await bench.until(lambda: len(bench.sink.frames) >= 4)
    assert bench.engine.work == 0
    assert len(bench.engine.slices) >= 30 + 2, "and once after each tick it is asked whether there is more"


async def test_a_grid_without_time_to_spare_is_left_to_the_ticks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tick, "SPARE_NS", 2 * PERIOD_NS)
    bench = Bench()
    bench.engine.work = 30
    await bench.until(lambda: len(bench.sink.frames) >= 20)
    assert bench.engine.slices == []


async def test_a_cue_that_cannot_be_prepared_does_not_touch_the_light():
    bench = Bench()
    bench.sink.period_ns, bench.engine.work = 40_000_000, -1
    await bench.until(lambda: len(bench.sink.frames) >= 4)
    assert bench.ticker.faults >= 3
    assert [frame[2] for frame in bench.sink.frames[:4]] == [1, 2, 3, 4]


class Heir(Engine):
    """An engine that takes over from another, or fails to."""

    def __init__(self, fault: Exception | None = None):
        super().__init__()
        self.fault, self.taken = fault, []

    def take_over(self, old, now):
        self.taken.append((old, now))
        if self.fault:
            raise self.fault
        return (Happened(now, "left_out", (("what", "a list"),)),)


async def test_another_engine_goes_on_where_the_one_before_stood_and_not_a_frame_is_missing():
    bench, heir = Bench(), Heir()
    told = []

    async def swap():
        await bench.ticker.between()
        steps = len(bench.engine.steps)
        told.append(bench.ticker.take_over(heir))
        assert len(bench.engine.steps) == steps

    task = asyncio.create_task(swap())
    await bench.until(lambda: len(heir.steps) > 3)
    await task
    before, after = bench.engine.steps[-1][0], heir.steps[0][0]
    assert heir.taken == [(bench.engine, told[0][0])]
    assert before <= told[0][0] <= after
    assert [one.type for one in told[0][1]] == ["left_out"]
    deadlines = [at for at, early, _ in bench.sink.frames if not early]
    assert len(set(deadlines)) == len(deadlines) == len(bench.engine.steps) + len(heir.steps)


async def test_an_engine_that_cannot_take_over_changes_nothing():
    bench, heir = Bench(), Heir(ValueError("on purpose"))
    await bench.until(lambda: len(bench.engine.steps) > 2)
    with pytest.raises(ValueError, match="on purpose"):
        bench.ticker.take_over(heir)
    steps = len(bench.engine.steps)
    await bench.until(lambda: len(bench.engine.steps) > steps + 2)
    assert heir.steps == []
