"""The daemon's end of the player, with a process that is none: commands in order however many, what it says, how it ends."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest

from showctl import child
from showctl.model import DeviceError, State
from showctl.model.player import Define, Mode, Part, PausePlay, PlayerClock, PlayerSetup, PlayerStatus
from showctl.outputs import player as client
from showctl.outputs.player import PlayerProcess, health
from showctl.wire.player import decode_command, encode_clock, encode_status


class Process:
    """Its end of the socket, and nothing else."""

    pid, returncode = 4711, 0
    code = 0

    def __init__(self):
        self.socket: socket.socket | None = None
        self.ended = asyncio.Event()

    async def wait(self):
        return self.code

    def hear(self, count):
        """So many commands."""
        assert self.socket is not None
        self.socket.settimeout(5.0)
        return [decode_command(self.socket.recv(70_000)) for _ in range(count)]


@pytest.fixture
def process(monkeypatch):
    one = Process()

    async def begin(what, module, words, theirs):
        one.socket = theirs.dup()
        return one

    monkeypatch.setattr(child, "begin", begin)
    yield one
    if one.socket is not None:
        one.socket.close()


class Said:
    def __init__(self):
        self.clocks, self.statuses, self.started = [], [], 0
        self.client = PlayerProcess(
            PlayerSetup("", (0, 1)), on_started=self._start, on_clock=self.clocks.append, on_status=self.statuses.append
        )

    def _start(self):
        self.started += 1

    async def running(self):
        task = asyncio.create_task(self.client.run())
        async with asyncio.timeout(5):
            while not self.started:
                await asyncio.sleep(0.01)
        return task


async def ended(task):
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_more_commands_than_a_socket_holds_come_in_their_order(process):
    said = Said()
    assert not said.client.send(PausePlay(1)), "there is nobody yet"
    task = await said.running()
    parts = (Part("/songs/" + "x" * 300, (0, 1)),)
    for n in range(2000):
        assert said.client.send(Define(n, f"track {n}", parts))
    heard = await asyncio.to_thread(process.hear, 2000)
    assert [one.seq for one in heard] == list(range(2000))
    assert said.client.send(PausePlay(5000))
    assert (await asyncio.to_thread(process.hear, 1))[0] == PausePlay(5000)
    await ended(task)


async def test_a_process_that_does_not_listen_is_not_told_for_ever(process, monkeypatch):
    monkeypatch.setattr(client, "MOST_WAITING", 10)
    said = Said()
    task = await said.running()
    parts = (Part("/songs/" + "x" * 300, (0, 1)),)
    assert not all(said.client.send(Define(n, "a", parts)) for n in range(5000))
    await ended(task)


async def test_of_many_clocks_the_newest_of_each_kind_is_told(process):
    said = Said()
    task = await said.running()
    for n in range(5):
        process.socket.send(encode_clock(PlayerClock(Mode.PLAYING, 1, 1, float(n))))
    process.socket.send(b"nonsense")
    process.socket.send(encode_clock(PlayerClock(Mode.PAUSED, 1, 2, 9.0)))
    process.socket.send(encode_status(PlayerStatus(State.RUNNING, "plays")))
    async with asyncio.timeout(5):
        while not said.statuses:
            await asyncio.sleep(0.01)
    assert (said.clocks[-1].mode, said.clocks[-1].position) == (Mode.PAUSED, 9.0)
    assert [one.position for one in said.clocks if one.mode is Mode.PLAYING][-1] == 4.0
    assert said.client.malformed == 1
    await ended(task)


async def test_until_its_first_word_nobody_is_there_who_would_play_at_once(process):
    said = Said()
    task = await said.running()
    assert said.client.send(PausePlay(1)), "what it is told as it comes up waits for it"
    assert not said.client.ready, "a sound card may take its time, and a song would begin whenever it comes"
    process.socket.send(encode_status(PlayerStatus(State.RUNNING, "plays")))
    async with asyncio.timeout(5):
        while not said.client.ready:
            await asyncio.sleep(0.01)
    await ended(task)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (1, r"ended without a word \(exit code 1\).*; it is started again"),
        (-9, r"ended by a signal \(SIGKILL\).*; it is started again"),
    ],
)
async def test_a_process_that_ends_is_an_error_that_says_how(process, code, why):
    said = Said()
    process.code = code
    task = await said.running()
    process.socket.close()
    with pytest.raises(DeviceError, match=why):
        await task
    assert not said.client.ready


async def test_what_a_process_says_last_is_why_it_ended(process):
    said = Said()
    task = await said.running()
    process.socket.send(encode_status(PlayerStatus(State.FAILED, "X32 has gone away: plug it in again")))
    process.socket.close()
    with pytest.raises(DeviceError, match="X32 has gone away: plug it in again; it is started again"):
        await task
    assert not said.statuses, "its health is that of the part that starts it again"


async def test_a_process_that_says_nothing_is_an_error(process, monkeypatch):
    monkeypatch.setattr(client, "FIRST_WORD_S", 0.05)
    with pytest.raises(DeviceError, match="said nothing for"):
        await Said().client.run()


async def test_where_all_stood_still_nobody_is_blamed(process, monkeypatch):
    """The machine stands still for longer than a player may be silent, and it with it."""
    monkeypatch.setattr(client, "SILENT_S", 1.0)
    said = Said()
    task = await said.running()
    process.socket.send(encode_status(PlayerStatus(State.RUNNING, "plays")))
    async with asyncio.timeout(5):
        while not said.client.ready:
            await asyncio.sleep(0.01)
    loop = asyncio.get_running_loop()
    late, real = [0.0], loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + late[0])
    late[0] = 10.0
    await asyncio.sleep(0.1)
    process.socket.send(encode_status(PlayerStatus(State.RUNNING, "plays on")))
    async with asyncio.timeout(5):
        while len(said.statuses) < 2:
            await asyncio.sleep(0.01)
    assert not task.done()
    await ended(task)


async def test_our_own_mistakes_end_it_and_are_not_swallowed(process):
    said = Said()
    said.client._on_clock = lambda _: 1 / 0
    task = await said.running()
    process.socket.send(encode_clock(PlayerClock(Mode.PLAYING, 1, 1)))
    with pytest.raises(ZeroDivisionError):
        await task


def test_how_it_is_with_its_counters():
    assert health(None, 1.0).state is State.STARTING
    one = health(PlayerStatus(State.DEGRADED, "gone", 48_000, 0.01, 1, 2, 3, 4), 1.0)
    assert (one.state, one.detail, dict(one.counters)["late"]) == (State.DEGRADED, "gone", 2.0)
