"""A filter-chain of a real PipeWire, and our console of it: read, written in pieces, read back; a hand goes before."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from scipy import signal

from showctl.analysis.room.biquad import cascade_db
from showctl.model import EqBand, EqState, State
from showctl.outputs.pa.pipewire import PipewireConsole
from showctl.plan import PaPlan, PaZone
from tests.real import pipewire as real
from tests.real.conftest import need

pytestmark = pytest.mark.real
PLAN = PaPlan(console="pipewire", node=real.NODE, zones=(PaZone("hall", (1, 2), "main"),))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    need("pipewire", "wireplumber", "pw-dump", "pw-cli", "dbus-daemon")
    folder = tmp_path_factory.mktemp("pipewire")
    with real.pipewire(folder):
        yield folder


def wants(*writes: tuple[int, EqBand]) -> EqState:
    return EqState(0.0, "auto", (), (), writes)


async def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.02)


def meet(body: Callable[[PipewireConsole], object]) -> None:
    """A console that runs while the body does."""

    async def night() -> None:
        console = PipewireConsole(PLAN, time.monotonic)
        running = asyncio.create_task(console.run())
        try:
            await body(console)  # type: ignore[misc]
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    asyncio.run(night())


def test_what_is_wanted_is_what_the_filters_are_and_a_hand_keeps_its_band(server: Path) -> None:
    async def body(console: PipewireConsole) -> None:
        await until(lambda: console.console("main").bands)
        found = console.console("main").bands
        assert [band.freq for band in found] == [125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0]
        assert real.control("cut:Freq") == 30.0
        wanted = EqBand("peaking", 317.5, -4.25, 2.2)
        console.apply("main", wants((1, wanted), (4, EqBand("peaking", 2000.0, -40.0, 1.0))))
        await until(lambda: console.settled("main"))
        assert real.control("main_peaking2:Freq") == pytest.approx(317.5)
        assert real.control("main_peaking2:Gain") == pytest.approx(-4.25)
        assert real.control("main_peaking2:Q") == pytest.approx(2.2)
        assert real.control("main_peaking5:Gain") == pytest.approx(-12.0), "the venue's limit"
        assert console.console("main").touched == ()
        counts = dict(console.health().counters)
        assert counts["written"] >= 24, "12 dB are 24 pieces"
        assert counts["touched"] == 0
        real.hand("main_peaking2:Gain", 1.5)
        touched: list[int] = []
        await until(lambda: touched.extend(console.console("main").touched) or touched)
        assert touched == [1]
        assert console.console("main").bands[1].gain == pytest.approx(1.5)
        assert real.control("cut:Freq") == 30.0

    with real.filters(server, 6):
        meet(body)


def off(sent: np.ndarray, heard: np.ndarray, bands: tuple[EqBand, ...]) -> np.ndarray:
    """dB by which what was heard of what was sent is off from what bands do to it, in sixths of an octave from 150 Hz on."""
    size = 1 << 20
    lag = int(np.argmax(np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sent, size)))[: len(heard)]))
    heard = heard[lag : lag + len(sent)]
    sent = sent[: len(heard)]
    at, both = signal.csd(sent, heard, 48_000, nperseg=8192)
    each = np.abs(both / signal.welch(sent, 48_000, nperseg=8192)[1])
    should = np.append(10 ** (cascade_db(bands, at[1:-1]) / 20), 1.0)
    rows = [(at > f / 2 ** (1 / 12)) & (at < f * 2 ** (1 / 12)) for f in np.geomspace(150, 16_000, 40)]
    return np.array([20 * np.log10(each[row].mean() / should[row[1:]].mean()) for row in rows])


def test_what_is_set_is_what_is_heard(server: Path) -> None:
    need("pw-play", "pw-record")
    bands = (EqBand("peaking", 620.0, 3.0, 3.0), EqBand("peaking", 3000.0, -9.0, 6.0), EqBand("peaking", 9000.0, -4.0, 0.7))
    sent = np.random.default_rng(1).normal(size=48_000 * 5) * 0.05
    sf.write(server / "sent.wav", np.stack([sent, sent], 1), 48_000, subtype="FLOAT")

    async def body(console: PipewireConsole) -> None:
        await until(lambda: console.console("main").bands)
        console.apply("main", wants(*enumerate(bands)))
        await until(lambda: console.settled("main"))
        for attempt in range(3):  # a busy machine may lose some of it
            heard = server / f"heard{attempt}.wav"
            await asyncio.to_thread(real.played, server / "sent.wav", real.NODE, "card", heard)
            worst = np.abs(off(sent, sf.read(heard)[0][:, 0], bands)).max()
            if worst < 0.3:
                break
        assert worst < 0.3

    with real.sink("card"), real.filters(server, 3):
        meet(body)


def test_the_configuration_of_the_document_is_an_equaliser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("pipewire", "wireplumber", "pw-dump", "pw-cli", "dbus-daemon")
    text = (Path(__file__).parents[2] / "docs" / "sound-engineer.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```\n(context.modules.*?)^```", text, re.MULTILINE | re.DOTALL)
    folder = tmp_path / "pipewire" / "pipewire.conf.d"
    folder.mkdir(parents=True)
    (folder / "venue-eq.conf").write_text(example)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    async def body(console: PipewireConsole) -> None:
        await until(lambda: console.console("main").bands)
        assert [band.freq for band in console.console("main").bands] == [63.0, 200.0, 630.0]
        console.apply("main", wants((1, EqBand("peaking", 200.0, -1.0, 2.0))))
        await until(lambda: console.settled("main"))
        assert real.control("main_peaking2:Gain") == pytest.approx(-1.0)

    with real.pipewire(tmp_path):
        meet(body)


def test_a_chain_that_goes_is_said_and_found_again(server: Path) -> None:
    async def body(console: PipewireConsole) -> None:
        with real.filters(server, 3):
            await until(lambda: console.health().state is State.RUNNING)
            assert "main has 3 bands" in console.health().detail
            console.apply("main", wants((0, EqBand("peaking", 125.0, -3.0, 1.0))))
            await until(lambda: console.settled("main"))
        await until(lambda: console.health().state is State.DEGRADED)
        assert "there is no node called `venue_eq`" in console.health().detail
        answered = console.console("main").answered
        with real.filters(server, 3):
            await until(lambda: console.health().state is State.RUNNING)
            state = console.console("main")
            assert state.answered is not None
            assert answered is not None
            assert state.answered > answered
            assert (state.found, state.touched) == (1, ()), "it stands as its file has it, which is no hand's doing"
            assert [band.gain for band in state.bands] == [0.0, 0.0, 0.0]

    meet(body)
