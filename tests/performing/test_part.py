"""The part of the daemon, on a night that is made of nothing: enrolments, feedback, what is written down, what is kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from showctl import enrolments
from showctl.app.gestures import Gestures
from showctl.config.schema import Venue
from showctl.model import Arm, ControlEvent, Disarm, Flash, Go, Health, PerformersView, StopAll, Zero
from showctl.outputs.gesture_log import lines_of
from showctl.plan import GestureBinding, Plan
from showctl.waiting import Waiting, ended_by
from showctl.wire.osc import decode
from tests.performing.people import button, imu, kept, plan, playback

FLAT = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
FROM = "127.0.0.1:4000"


class Night:
    """What the part is given, and what it gave."""

    def __init__(self, state: Path, of: Plan | None) -> None:
        self.now = 10.0
        self.plan = Plan(()) if of is None else of
        self.options, self.clock = SimpleNamespace(state=state), SimpleNamespace(now=lambda: self.now)
        self.venue = Venue.model_validate({"showctl": "1", "kind": "venue"})
        shows = {"report": self._report, "forget": self._forget, "see_performers": self._see}
        self.board = SimpleNamespace(playback=playback(), frame_time=0.0, performers=None, **shows)
        self.health: dict[str, Health] = {}
        self.view: PerformersView | None = None
        self.out: list[ControlEvent] = []
        self.sent: list[tuple[Any, ...]] = []
        self.worn: list[list[str]] = []
        self.part = Gestures(self, self._emit)  # type: ignore[arg-type]
        self.part.reach(send=lambda packet, to: self.sent.append((decode(packet)[0], to)), wear=self.worn.append, tell=self._told)
        self.told: list[tuple[Any, ...]] = []

    def _emit(self, control: ControlEvent) -> bool:
        self.out.append(control)
        return True

    def _report(self, health: Health) -> None:
        self.health[health.part] = health

    def _forget(self, part: str) -> None:
        self.health.pop(part, None)

    def _see(self, view: PerformersView) -> None:
        self.view = self.board.performers = view

    def _told(self, *words: Any) -> None:
        self.told.append(words)

    async def still(self, seconds: float) -> None:
        """Packets of rest, and a tick with each."""
        for _ in range(int(seconds * 50)):
            self.now += 0.02
            assert self.part.take(imu(FLAT), FROM, self.now)
            self.part.tick()
            await asyncio.sleep(0)

    async def until(self, true: Callable[[], Any]) -> None:
        """Time goes on until it is so."""
        async with asyncio.timeout(10):
            while not true():
                self.now += 0.3
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(state: Path, of: Plan | None = None) -> AsyncIterator[Night]:
    one = Night(state, of or plan())
    task = asyncio.create_task(one.part.run())
    try:
        await one.until(lambda: one.part.performers is not None and one.view is not None)
        yield one
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_what_is_done_is_felt_told_and_written_down(tmp_path: Path) -> None:
    async with running(tmp_path) as night:
        assert night.worn == [["anna", "10.0.0.5"]]
        await night.still(2.2)
        night.part.take(button(2, True), FROM, night.now)
        await night.still(0.5)
        night.now += 0.01
        night.part.take(button(1, True), FROM, night.now)
        assert [type(one) for one in night.out] == [Go], "at once, without a tick"
        assert [(one.address, *one.arguments[:2], to) for one, to in night.sent] == [
            ("/showctl/feedback", "armed", "anna", ("127.0.0.1", 4000)),
            ("/showctl/feedback", "heard", "anna", ("127.0.0.1", 4000)),
        ]
        assert ("feedback", "heard", "anna", "`go`") in night.told
        await night.until(lambda: night.view is not None and night.view.tried)
        await night.until(lambda: night.part.armed() == {"armed/anna": (0,), "armed/ben": (0,)})  # nothing comes any more
    night.part.close(clean=True)
    kinds = [(line["type"], line.get("outcome") or line.get("kind")) for line in lines_of(tmp_path / "gestures", "anna")]
    assert ("gesture", "heard") in kinds
    assert ("feedback", "armed") in kinds


async def test_whoever_presses_fast_waits_for_the_next_judgement(tmp_path: Path) -> None:
    async with running(tmp_path) as night:
        await night.still(1.0)
        performers = night.part.performers
        assert performers is not None
        steps = []
        before = performers.step
        performers.step = lambda *given: steps.append(given) or before(*given)  # type: ignore[method-assign,func-returns-value]
        for n in range(100):
            night.part.take(button(1, n % 2 == 0), FROM, night.now)
        assert len(steps) <= 1


async def test_the_end_of_a_flash_and_a_stop_are_never_lost_where_the_show_takes_nothing_more(tmp_path: Path) -> None:
    flash = GestureBinding("next", ("anna",), Flash(time=0.0, submaster="swell", on=True), "flash swell", "holds")
    async with running(tmp_path, plan(flash)) as night:
        await night.still(2.2)
        for number in (2, 1):
            night.part.take(button(number, True), FROM, night.now)
            await night.still(0.1)
        assert [type(one) for one in night.out] == [Flash]
        full = Waiting(0, ended_by)  # as the show's own queue is
        night.part._emit = full.put
        night.part.take(button(1, False), FROM, night.now)
        await night.still(0.5)
        night.part.take(button(9, True), FROM, night.now)
        await night.still(0.5)
        end, stop = full.take()
        assert (type(end), getattr(end, "on", None), type(stop)) == (Flash, False, StopAll)


async def test_enrolments_come_go_and_cannot_be_read(tmp_path: Path) -> None:
    async with running(tmp_path) as night:

        def enrolled() -> list[tuple[str, ...]]:
            return [] if night.view is None else [one.enrolled for one in night.view.wearables]

        enrolments.save(tmp_path, kept("anna"))
        enrolments.save(tmp_path, kept("stranger"))
        await night.until(lambda: enrolled() == [("swipe", "vee"), ()])
        enrolments.path_of(tmp_path, "ben").write_bytes(b"torn")
        await night.until(lambda: "ben.npz: it cannot be read" in night.health["performers"].detail)
        assert enrolled() == [("swipe", "vee"), ()]
        enrolments.save(tmp_path, kept("ben"))
        await night.until(lambda: enrolled() == [("swipe", "vee"), ("swipe", "vee")])
        assert "cannot be read" not in night.health["performers"].detail
        enrolments.path_of(tmp_path, "anna").write_bytes(b"torn")
        await night.until(lambda: enrolled() == [(), ("swipe", "vee")])
        enrolments.erase(tmp_path, "anna")
        enrolments.erase(tmp_path, "ben")
        await night.until(lambda: enrolled() == [(), ()])


async def test_who_was_taken_out_stays_out_over_a_crash_and_not_over_a_night(tmp_path: Path) -> None:
    who: dict[str, Any] = {"time": 10.0, "source": "web"}
    async with running(tmp_path) as night:
        assert night.part.ask(Disarm(performer="anna", **who)), "it is nothing for the show"
        assert not night.part.ask(StopAll(**who))
        assert night.part.ask(Zero(time=10.0, source="gesture:glove"))
        await night.until(lambda: "anna" in json.loads((tmp_path / "performers.json").read_text())["barred"])
    async with running(tmp_path) as night:
        await night.until(lambda: night.view is not None and night.view.performers[0].by == "disarmed by the operator")
        night.part.ask(Arm(performer="anna", **who))
        await night.until(lambda: night.view is not None and night.view.performers[0].by != "disarmed by the operator")
    night.part.close(clean=True)
    assert not (tmp_path / "performers.json").exists()
    (tmp_path / "performers.json").write_text('{"version": 99}')
    async with running(tmp_path) as night:
        assert not night.view.performers[0].armed  # type: ignore[union-attr]


async def test_another_version_forgets_who_is_gone(tmp_path: Path) -> None:
    async with running(tmp_path) as night:
        assert {"wearable glove", "wearable band", "performers"} <= night.health.keys()
        night.plan = Plan(())
        night.part.use(night.venue)
        await night.until(lambda: "wearable glove" not in night.health)
        assert night.worn[-1] == []
        assert not night.part.take(button(1, True), FROM, night.now)
        night.plan = plan()
        night.part.use(night.venue)
        await night.until(lambda: "wearable glove" in night.health)
        assert night.part.take(button(1, True), FROM, night.now)


async def test_without_wearables_it_waits_and_says_nothing(tmp_path: Path) -> None:
    night = Night(tmp_path, None)
    task = asyncio.create_task(night.part.run())
    await asyncio.sleep(0)
    night.part.tick()
    assert not night.part.take(button(1, True), FROM, night.now)
    assert night.part.ask(Arm(time=1.0, source="web")), "nobody is there to be armed, and the show is not asked"
    assert night.part.over_mqtt() is None
    assert night.health == {}
    night.plan = plan()
    night.part.use(night.venue)
    await night.until(lambda: night.view is not None)
    topics = night.part.over_mqtt()
    assert topics is not None
    topics("stick/motion/anna/buttons", b"[9, 1]")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
