"""The tracks of a show played by another program: hands command it, and its clock gives the show its beat."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import pytest

from showctl.model import (
    DeviceError,
    JumpTrack,
    LoopTrack,
    NextTrack,
    PauseTrack,
    PlayTrack,
    ResumeTrack,
    State,
    StopTrack,
)
from showctl.plan import Marker, Plan, SetEntry, TrackPart, TrackPlan, TracksPlan
from showctl.plan.tracks import Address
from showctl.playing import tracks as playing
from showctl.playing.tracks import Tracks
from tests.outputs.test_external import FAKES, SONGS, free_port

pytestmark = pytest.mark.slow

BEAT = 0.5  # s
WHO = {"time": 0.0, "source": "x"}


def song(name, there):
    length = next(length for one, _, length in SONGS if one == there)
    return TrackPlan(name, (TrackPart(f"/{name}.wav", (0,)),), length, 1.0, (Marker("solo", 20.0),), 60.0 / BEAT, there=there)


class Night:
    def __init__(self, folder, kind, port, answers):
        setlist = (SetEntry("ballad"), SetEntry("closer"))
        tracks = TracksPlan(
            (song("ballad", "two"), song("closer", "three")), setlist, kind, str(Address("127.0.0.1", port, answers))
        )
        self.plan, self.features, self.told, self.health = Plan((), tracks=tracks, venue="Room", show="Night"), [], [], {}
        self.tracks = Tracks(
            self.plan,
            now=time.monotonic,
            offset=0.0,
            state=folder,
            on_features=self.features.extend,
            on_health=lambda one: self.health.__setitem__(one.part, one),
            on_told=self.told.append,
            on_view=lambda _view: None,
        )

    @property
    def view(self):
        return self.tracks.view()

    def ask(self, kind, **more):
        self.tracks.ask(kind(**WHO, **more))

    async def until(self, true, what):
        try:
            async with asyncio.timeout(15):
                while not true():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            pytest.fail(f"waited in vain for {what}: {self.view} {self.told} {self.health}")


@asynccontextmanager
async def night(folder, monkeypatch, kind):
    answers = free_port()
    async with FAKES[kind](SONGS, answers=answers) as fake:
        one = Night(folder, kind, fake.port, answers)

        async def keep(_name, part):
            while True:
                with suppress(DeviceError):
                    await part()

        async def nothing(_self, _files):
            pass

        monkeypatch.setattr(playing.Maps, "_work_out", nothing)
        task = asyncio.create_task(one.tracks.run(keep, lambda: one.plan, asyncio.Event()))
        try:
            await one.until(lambda: one.tracks.player is not None and one.tracks.player.ready, "an answer")
            dialect = one.tracks.player._dialect
            await one.until(lambda: dialect.said("two") and dialect.said("three"), "its songs")
            yield one, fake
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def off(grid, fake):
    """Seconds between the beat that is told and the nearest that is heard."""
    heard = time.monotonic() - fake.sounds[1]
    return abs((grid.anchor - heard + BEAT / 2) % BEAT - BEAT / 2)


@pytest.mark.parametrize("kind", FAKES)
async def test_a_night_with_another_program(kind, tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch, kind) as (one, fake):
        one.ask(PlayTrack)
        await one.until(lambda: one.tracks.leads and one.view.position > 1.5, "the ballad, and its beat")
        grids = [feature.grid for feature in one.features if feature.grid is not None]
        assert grids[-1].period == pytest.approx(BEAT)
        assert off(grids[-1], fake) < 0.1
        one.ask(JumpTrack, marker="solo", quantise="bar")
        await one.until(lambda: 20.0 <= one.view.position < 25.0, "the jump on the bar")
        assert fake.sounds[0] == "two"
        one.ask(PauseTrack)
        await one.until(lambda: fake.sounds is None and not one.tracks.leads, "the pause")
        one.ask(ResumeTrack)
        await one.until(lambda: fake.sounds is not None and one.tracks.leads, "the music")
        one.ask(NextTrack)
        await one.until(lambda: one.view.track == "closer" and fake.sounds is not None and fake.sounds[0] == "three", "the next")
        await one.until(lambda: one.tracks.list.there, "its clock")
        one.ask(StopTrack, fade=0.3)
        await one.until(lambda: fake.sounds is None and one.view.state == "stopped", "silence")
        assert one.view.resume is not None
        one.ask(ResumeTrack)
        await one.until(lambda: one.view.state == "playing" and fake.sounds is not None, "the music where it was")
        assert one.health["player"].state is State.RUNNING
        assert not [told for told in one.told if told.type == "refused"]


async def test_what_it_cannot_do_is_said_and_not_believed(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch, "qlab") as (one, fake):
        one.ask(PlayTrack)
        await one.until(lambda: fake.sounds is not None and one.view.position > 0.5, "the ballad")
        one.ask(LoopTrack, first=1.0, last=3.0)
        assert one.view.loop is None
        assert "no loop" in dict(one.told[-1].data)["reason"]
        assert fake.sounds[0] == "two"
