"""Another version of the venue file: what it does not change of the PA goes on, and nothing that was found is lost."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from showctl import pa, pa_kept, pa_loop
from showctl.config.loaded import RIG
from showctl.model import ConsoleState, DeviceError, EqBand, EqCommand, EqState, Health, Levels
from showctl.outputs.pa.internal import InternalConsole
from showctl.outputs.pa.x32 import X32Console
from showctl.plan import PaMicrophone, PaPlan, PaZone
from showctl.show.eq_bands import IN_FLIGHT, Found
from tests import pa_part
from tests.inputs.test_ear_client import eventually
from tests.pa_part import made

PLAN = replace(
    pa_part.PLAN,
    zones=(*pa_part.PLAN.zones, PaZone("fill", (3,), "mtx/1", 6, "x32")),
    microphones=pa_part.PLAN.microphones[:1],
    port=9,
    card_in="no such card",
    card_out="no such card",
)
INSIDE = replace(PLAN, console="internal", zones=(PaZone("main", (1, 2)), PaZone("fill", (3,))), microphones=())
HELD = [EqBand("peaking", 100.0 * 2**n, -3.0, 1.0) for n in range(6)]


class Desk(X32Console):
    """A console that holds these bands."""

    held: list[EqBand]

    def console(self, name: str) -> ConsoleState:
        return ConsoleState(time.monotonic(), tuple(self.held))

    def apply(self, name: str, state: EqState) -> None:
        for i, band in state.writes:
            self.held[i] = band


def at_a_desk(tmp_path: Path, told: list[Health]) -> pa.Pa:
    part = made(tmp_path, PLAN, told)
    assert isinstance(part.console, X32Console)
    part.console.__class__, part.console.held = Desk, list(HELD)  # type: ignore[attr-defined]
    return part


async def test_bands_owners_snapshot_mode_and_a_bypass_stand_over_a_reload(tmp_path: Path) -> None:
    told: list[Health] = []
    part = at_a_desk(tmp_path, told)
    part._step()
    console, room, loop = part.console, part.room, part._loop
    for do, band in (("auto", None), ("mine", 2), ("bypass", None)):
        part.ask(EqCommand(time=0.0, do=do, band=band))  # type: ignore[arg-type]
    part._step()
    before = part._loop.state if part._loop is not None else None
    assert before is not None
    part.take(replace(PLAN, gain=(-9.0, 1.0), boost=1.0))
    assert part._loop is not loop
    assert (part.console, part.room) == (console, room), "what does not change goes on"
    part._step()
    after = part._loop.state if part._loop is not None else None
    assert after is not None
    assert after.mode == "auto", "somebody asked for it"
    assert (after.snapshot, after.owners, after.bypassed) == (before.snapshot, before.owners, True)
    assert after.owners[2] == "engineer"
    assert "bypassed" in told[-1].detail
    part.take(replace(PLAN, mode="off"))
    part._step()
    assert told[-1].detail.startswith("off"), "the file says another mode than it did"


async def test_what_was_found_at_an_equaliser_is_known_when_it_is_come_back_to(tmp_path: Path) -> None:
    part = at_a_desk(tmp_path, [])
    part._step()
    part.ask(EqCommand(time=0.0, do="mine", band=2))
    part._step()
    assert part._loop is not None
    was = part._loop.found
    part.ask(EqCommand(time=0.0, do="switch_on"))
    part.take(replace(PLAN, zones=PLAN.zones[::-1]))
    assert not part._commands, "what was asked of one equaliser is not done at another"
    assert part._loop.found.owners == ()
    part.console.__class__, part.console.held = Desk, list(HELD)  # type: ignore[union-attr]
    part._step()
    await part._kept.keep(part._which, part._loop.found)
    part.take(PaPlan())
    part.take(PLAN)
    assert part._loop.found == was, "band 3 is the engineer's"
    again = made(tmp_path, PLAN, [])
    assert again._loop is not None
    assert again._loop.found == was, "although it ended while another one was followed"
    part.take(replace(PLAN, zones=PLAN.zones[::-1]))
    part.forget()
    again = made(tmp_path, PLAN, [])
    assert again._loop is not None
    assert again._loop.found == was.left()


def test_the_equalisers_that_are_kept_are_bounded_and_the_last_ones(tmp_path: Path) -> None:
    kept = pa_kept.Kept(tmp_path / "kept.json")
    found = Found(tuple(HELD), ("engineer",) * 6, tuple(HELD))
    for n in range(pa_kept.MOST):
        kept.remember(str(n), found)
    kept.remember("0", replace(found, bypassed=found.snapshot))  # is the newest now
    kept.remember("more", found)
    kept.end()
    again = pa_kept.Kept(tmp_path / "kept.json")
    assert [again.of(str(n)) == found.left() for n in range(pa_kept.MOST)] == [True, False, *[True] * (pa_kept.MOST - 2)]
    assert again.of("more") == found.left()


async def test_what_was_asked_for_in_vain_is_in_the_health_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Health] = []
    part = at_a_desk(tmp_path, told)
    for do in ("switch_on", "unbypass"):
        part.ask(EqCommand(time=0.0, do=do))  # type: ignore[arg-type]
        part._step()
        part._step()
        assert f"{do.replace('_', ' ')} was refused: it is" in told[-1].detail
    now = time.monotonic()
    monkeypatch.setattr(part, "_now", lambda: now + pa_loop.DECLINED_S + 1)
    part._step()
    assert "refused" not in told[-1].detail


async def test_who_asks_is_answered_with_the_next_step(tmp_path: Path) -> None:
    part = at_a_desk(tmp_path, [])
    said: list[str] = []
    for do in ("bypass", "switch_on", "auto"):
        part.ask(EqCommand(time=0.0, do=do), said.append)  # type: ignore[arg-type]
    assert said == []
    part._step()
    assert said == ["", "it is on already", ""]


async def test_what_was_asked_of_a_loop_that_stood_still_or_of_another_equaliser_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = at_a_desk(tmp_path, [])
    part._step()
    said: list[str] = []
    part.ask(EqCommand(time=0.0, do="restore"), said.append)
    now = time.monotonic()
    monkeypatch.setattr(part, "_now", lambda: now + pa.WAITS_S + 0.1)  # its part had ended, and has just begun again
    part._step()
    assert said == ["it was asked for too long ago"]
    assert part._loop is not None
    assert part._loop.state is not None
    assert part._loop.state.doing == ""
    part.ask(EqCommand(time=0.0, do="restore"), said.append)
    part.take(replace(PLAN, host="127.0.0.2"))
    assert said[1:] == ["it was asked of another equaliser"]
    task = asyncio.create_task(part.run())
    await asyncio.sleep(0)
    part.ask(EqCommand(time=0.0, do="restore"), said.append)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert said[2:] == ["what sets the equaliser has ended"]


async def test_a_mode_that_was_asked_for_outlives_a_crash_unless_the_file_says_another(tmp_path: Path) -> None:
    part = at_a_desk(tmp_path, [])
    part.take(replace(PLAN, mode="auto"))
    part.ask(EqCommand(time=0.0, do="off"))
    part._step()
    assert part._loop is not None
    await part._kept.keep(part._which, part._loop.found)
    for mode, after in (("auto", "off"), ("advise", "advise")):
        again = made(tmp_path, replace(PLAN, mode=mode), [])  # type: ignore[arg-type]
        again._step()
        assert again._loop is not None
        assert again._loop.state is not None
        assert again._loop.state.mode == after


async def test_a_part_that_ended_during_a_fit_runs_again(tmp_path: Path) -> None:
    part = at_a_desk(tmp_path, [])
    part._fitting = asyncio.create_task(asyncio.Event().wait())  # type: ignore[arg-type]
    run = asyncio.create_task(part.run())
    await asyncio.sleep(0)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    part._step()
    assert part._fitting is None, "that fit was ended, and ends nothing else"


async def test_parts_that_are_gone_end_at_once_and_none_waits_for_another(tmp_path: Path) -> None:
    """The equaliser's process has been ended then: its part must not have the time to start another."""
    part, changed, plan = at_a_desk(tmp_path, []), asyncio.Event(), [PLAN]
    runs, ended, slow = set[str](), set[str](), asyncio.Event()

    async def supervised(name: str, _: Callable[[], Awaitable[None]]) -> None:
        runs.add(name)
        try:
            await asyncio.Event().wait()
        finally:
            ended.add(name)
            if name == "room":
                await slow.wait()

    task = asyncio.create_task(part.keep(supervised, lambda: plan[0], changed, lambda _: None))
    try:
        await eventually(lambda: runs == {"room", "console", "pa"}, "the parts")
        plan[0] = PaPlan()
        changed.set()
        await eventually(lambda: ended == runs, "the end of each")
    finally:
        slow.set()
        await pa._ended(task)


async def test_a_disk_that_hangs_does_not_hold_up_the_equaliser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = at_a_desk(tmp_path, [])
    disk = threading.Event()
    monkeypatch.setattr(part._kept, "_write", lambda _: disk.wait(60))
    monkeypatch.setattr(pa, "STEP_S", 0.01)
    run = asyncio.create_task(part.run())
    try:
        await eventually(lambda: part._kept.of(part._which).snapshot, "the disk")
        part.ask(EqCommand(time=0.0, do="bypass"))
        await eventually(lambda: part._loop is not None and part._loop.state is not None and part._loop.state.bypassed, "it")
    finally:
        disk.set()
        await pa._ended(run)


async def test_what_narrower_limits_make_of_the_equaliser_in_this_machine_is_no_hand(tmp_path: Path) -> None:
    part = made(tmp_path, INSIDE, [])

    class Inside(InternalConsole):
        held = tuple(HELD)

        def console(self, name: str) -> ConsoleState:
            return ConsoleState(part._now(), self.held)

    part.console.__class__ = Inside  # type: ignore[union-attr, assignment]
    part._step()
    part.take(replace(INSIDE, gain=(-2.0, 1.0)))
    Inside.held = tuple(replace(band, gain=-2.0) for band in HELD)
    part._step()
    later = time.monotonic() + IN_FLIGHT
    part._now = lambda: later
    part._step()
    state = part._loop.state if part._loop is not None else None
    assert state is not None
    assert set(state.owners) == {"showctl"}
    assert state.bands == Inside.held


async def test_other_microphones_or_another_console_are_other_parts(tmp_path: Path) -> None:
    part = at_a_desk(tmp_path, [])
    part._step()
    console, room = part.console, part.room
    part.take(replace(PLAN, microphones=(PaMicrophone("left", 3),)))
    assert part.room is not room
    assert part.console is console
    part.take(replace(PLAN, host="127.0.0.2"))
    assert part.console is not console
    assert part._loop is not None
    assert part._loop.found.snapshot == (), "what was found at another console is not its"
    part.take(PaPlan())
    assert part.parts() == {}
    assert part.view() is None
    assert not part.ask(EqCommand(time=0.0, do="auto"))


async def test_a_target_file_that_was_written_anew_is_taken_and_one_that_is_none_is_told(tmp_path: Path) -> None:
    told: list[Health] = []
    target = tmp_path / "target.txt"
    target.write_text("100 0\n1000 0\n", encoding="utf-8")
    part = made(tmp_path, replace(PLAN, target=str(target)), told)
    loop = part._loop
    part.take(part._plan)
    assert part._loop is loop, "nothing is another"
    target.write_text("100 6\n1000 0\n", encoding="utf-8")
    part.take(part._plan)
    assert part._loop is not loop
    assert np.ptp(part._loop._target) == pytest.approx(6.0)  # type: ignore[union-attr]
    loop = part._loop
    target.write_text("nonsense", encoding="utf-8")
    part.take(part._plan)
    assert part._loop is loop
    part._step()
    assert "what was before goes on" in told[-1].detail


def test_zones_that_nothing_follows_are_told(tmp_path: Path) -> None:
    part = made(tmp_path, PLAN, [])
    assert part._loop is not None
    assert "fill stands still" in part._loop.health()[1]
    one = made(tmp_path, replace(PLAN, zones=(PLAN.zones[0], PaZone("foyer", (4,)))), [])
    assert one._loop is not None
    assert "stand" not in one._loop.health()[1], "foyer has no equaliser"
    inside = made(tmp_path, INSIDE, [])
    assert inside._loop is not None
    assert "fill stands still" in inside._loop.health()[1]


async def supervised(name: str, run: Callable[[], Awaitable[None]]) -> None:
    while True:
        with suppress(DeviceError):  # as the supervisor does
            await run()
        await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_the_equaliser_in_this_machine_plays_on_unless_its_card_or_zones_change(tmp_path: Path) -> None:
    told: list[Health] = []
    gone: list[str] = []
    part, changed = made(tmp_path, INSIDE, told), asyncio.Event()
    played: list[PaPlan | None] = [INSIDE]
    task = asyncio.create_task(part.keep(supervised, lambda: played[0], changed, gone.append))

    def pid() -> int:
        console = part.console
        return console._status.pid if isinstance(console, InternalConsole) and console._status is not None else 0

    def holds(gain: tuple[float, float]) -> bool:
        console = part.console
        return isinstance(console, InternalConsole) and console.settled("main") and console._limits.gain == gain

    try:
        await eventually(lambda: holds((-12.0, 3.0)), "the first bands")
        first = pid()
        played[0] = replace(INSIDE, gain=(-6.0, 0.0), mode="auto")
        changed.set()
        await eventually(lambda: holds((-6.0, 0.0)), "the narrower limits")
        await eventually(lambda: told[-1].detail.startswith("auto"), "the mode")
        assert pid() == first
        assert gone == []
        played[0] = replace(INSIDE, card_out="another card")
        changed.set()
        await eventually(lambda: pid() not in (0, first) and holds((-12.0, 3.0)), "one for the other card")
        second, played[0] = pid(), None
        changed.set()
        await eventually(lambda: set(gone) == {"equaliser", "pa"}, "their end")
        assert part.parts() == {}
        await eventually(lambda: ended(second), "the end of the process")
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        if isinstance(part.console, InternalConsole):
            part.console.end()


def ended(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return not os.path.exists(f"/proc/{pid}")


def test_what_a_venue_file_says_of_the_pa_needs_no_new_start() -> None:
    assert "pa" in RIG


async def test_how_loud_it_was_stands_over_another_microphone_and_another_daemon(tmp_path: Path) -> None:
    part, name = made(tmp_path, PLAN, boot="this"), PLAN.microphones[0].name
    before = part.room
    assert before is not None
    before._pasts.add([name], [Levels(100.0, 91.0, 91.0, 91.0, 91.0, 100.0, 100.0, 1.0, False)])
    said = before._pasts.message(name)
    part.take(replace(PLAN, microphones=(*PLAN.microphones, PaMicrophone("another", 9))))
    assert part.room is not before
    assert part.room is not None
    assert part.room._pasts.message(name) == said
    part.room._pasts.save(part.room._pasts.seconds())
    again, booted = (made(tmp_path, PLAN, boot=boot).room for boot in ("this", "that"))
    assert again is not None
    assert booted is not None
    assert again._pasts.message(name) == said
    assert booted._pasts.message(name) != said
