"""What must not happen at night: daemon, output and ear are killed, files are broken, things are missing. The light goes on.

All of it with the processes that people start, in networks of the tests' own, seen on the wire and on the page.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import wave
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from showctl import rank, resume
from tests.real.conftest import namespace, process, until
from tests.real.night import LONGEST, Night, Wire, night_in, wire, without_a_gap

pytestmark = pytest.mark.real

FULL = 255


@pytest.fixture
def night() -> Iterator[Night]:
    """A night in a network with nothing but loopback."""
    with namespace() as net, night_in(net) as one:
        yield one


@contextmanager
def seen(night: Night) -> Iterator[Wire]:
    with wire(night.net) as one:
        yield one
        assert one.malformed == []


def kept(night: Night, cue: str, blackout: bool) -> bool:
    """Whether the standing on disk says so."""
    standing = resume.load(night.state / "standing.json")
    return standing is not None and (standing.playback.lists[0].current, standing.playback.blackout) == (cue, blackout)


# --- processes that are killed -------------------------------------------------------------------------------------------


def test_the_light_outlives_its_daemon_and_the_next_one_takes_it_up(night: Night) -> None:
    with seen(night) as line:
        with night.daemon() as first:
            night.control(type="go")
            line.until_level(1, 1, 51)
            night.control(type="goto", cue="2")
            night.control(type="master", level=0.5)
            line.until_level(1, 1, 102)  # 80 % of a half
            line.until_level(2, 512, FULL)
            until(lambda: kept(night, "2", blackout=False), LONGEST, "the standing on disk")
            stood, output = night.playback(), night.output()
            first.popen.kill()
            first.popen.wait()
        alone = len(line.packets)
        line.until_more(alone, 2, 1, 2)  # one keep-alive a second and universe

        with night.daemon() as second:
            assert night.output() == output
            assert night.playback() == stood
            assert night.part("output")["counters"]["restarts"] == 0
            line.until_more(len(line.packets), 1, 1, 2)  # the new daemon's look is on the wire
            for universe in (1, 2):
                looks = {packet.slots for packet in line.of(universe, alone)}
                assert looks == {line.of(universe)[-1].slots}, "no other look from the kill on"
            assert line.level(1, 1) == 102

            night.control(type="blackout", on=True)
            line.until_level(1, 1, 0)
            until(lambda: kept(night, "2", blackout=True), LONGEST, "the blackout on disk")
            second.popen.kill()
            second.popen.wait()
        dark = len(line.packets)

        with night.daemon():
            assert night.playback() == {**stood, "blackout": True}
            line.until_more(dark, 2, 1, 2)
            assert {packet.slots[0] for packet in line.of(1, dark)} == {0}, "not a flash of light"
            assert line.level(2, 512) == FULL
            night.control(type="blackout", on=False)
            line.until_level(1, 1, 102)
        for universe in (1, 2):
            packets = line.of(universe)
            assert without_a_gap(packets)
            assert len({packet.cid for packet in packets}) == 1
            assert not any(packet.terminated for packet in packets)
        assert {packet.priority for packet in line.of(1)} == {120}


def test_a_stop_leaves_the_light_or_ends_it_as_the_venue_says(night: Night) -> None:
    with seen(night) as line:
        with night.daemon() as daemon:
            night.control(type="go")
            line.until_level(1, 1, 51)

            other = night.command("--http", "127.0.0.1:8081", "--osc", "127.0.0.1:8001")
            with process(other) as refused:
                assert refused.wait() == 1
                assert re.fullmatch(rf"showctl: process {daemon.pid} is the daemon of \S+ already: .*--state.*\n", refused.output)

            assert daemon.end() == 0
        held = len(line.packets)
        line.until_more(held, 2, 1, 2)
        assert night.output()
        assert {packet.slots[0] for packet in line.of(1, held)} == {51}

        night.venue.write_text(night.venue.read_text() + "on_stop: terminate\n")
        with night.daemon() as daemon:
            assert night.playback()["cue"] == "1"
            assert daemon.end() == 0
        until(lambda: not night.processes(), LONGEST, "an end of every process")
        for universe in (1, 2):
            last = line.of(universe)
            assert [packet.terminated for packet in last[-4:]] == [False, True, True, True]
            assert without_a_gap(last)
        assert sum(packet.terminated for _, packet in line.packets) == 6

        with night.daemon():  # who was asked to stop, and whose light ended, begins anew
            assert night.playback()["cue"] == "0"


@pytest.mark.parametrize("booted", [False, True])
def test_after_a_pulled_plug_the_show_stands_where_it_stood(night: Night, booted: bool) -> None:
    """Daemon and output end at once; after a boot the runtime folder is gone, too."""
    with seen(night) as line:
        with night.daemon() as daemon:
            night.control(type="goto", cue="2")
            line.until_level(1, 1, 204)
            until(lambda: kept(night, "2", blackout=False), LONGEST, "the standing on disk")
            for pid in night.processes():
                os.kill(pid, signal.SIGKILL)
            daemon.popen.wait()
        until(lambda: not night.processes(), LONGEST, "an end of every process")
        if booted:
            shutil.rmtree(night.state / "run")
        before = len(line.packets)
        with night.daemon():
            assert night.playback()["cue"] == "2"
            line.until_more(before, 2, 1, 2)
        for universe in (1, 2):
            looks = {packet.slots for packet in line.of(universe)[-2:]}
            assert {packet.slots for packet in line.of(universe, before)} == looks, "no other look, not for a moment"
            assert booted or without_a_gap(line.of(universe))
        assert line.level(1, 1) == 204
        assert len({packet.cid for _, packet in line.packets}) == 1


def test_an_output_that_is_killed_is_replaced(night: Night) -> None:
    with seen(night) as line, night.daemon():
        night.control(type="go")
        line.until_level(1, 1, 51)
        night.until_part("output", lambda part: part["state"] == "running", "running")
        before, output = len(line.packets), night.output()
        os.kill(output, signal.SIGKILL)
        line.until_more(before, 2, 1, 2)
        part = night.until_part("output", lambda part: part["state"] == "running", "running again")
        assert part["counters"]["restarts"] == 1
        assert night.output() not in (0, output)
        assert {packet.slots[0] for packet in line.of(1, before)} == {51}
        assert len({packet.cid for _, packet in line.packets}) == 1
        assert without_a_gap(line.of(1))
        night.control(type="go")
        line.until_level(1, 1, 204)


def test_an_ear_that_is_killed_is_replaced_and_the_light_does_not_notice(night: Night) -> None:
    rng = np.random.default_rng(1)
    sound(night.folder / "hiss.wav", 0.1 * rng.standard_normal(40 * 44100), 44100)
    with seen(night) as line, night.daemon("--audio", f"file:{night.folder / 'hiss.wav'}") as daemon:
        night.control(type="go")
        line.until_level(1, 1, 51)
        night.until_part("ear", lambda part: part["state"] == "running", "hears")
        (ear,) = night.processes("showctl.inputs.ear")
        before = len(line.packets)
        os.kill(ear, signal.SIGKILL)
        daemon.wait_for("ear: .*killed by SIGKILL.*started again")
        until(lambda: set(night.processes("showctl.inputs.ear")) - {ear}, LONGEST, "another ear")
        heard = night.ask("/api/state")[1]["heard"]["time"]
        until(lambda: night.ask("/api/state")[1]["heard"]["time"] > heard + 0.2, LONGEST, "that it hears")
        night.until_part("ear", lambda part: part["state"] == "running", "hears again")
        night.control(type="go")
        line.until_level(1, 1, 204)
        assert {packet.slots[0] for packet in line.of(1, before)} == {51, 204}
        assert without_a_gap(line.of(1))
        assert night.part("engine")["counters"]["faults"] == 0
        assert night.part("output")["counters"]["restarts"] == 0


# --- files that are broken -----------------------------------------------------------------------------------------------


def test_a_broken_show_is_refused_in_a_terminal(night: Night) -> None:
    night.show.write_text(
        night.show.read_text().replace("lamps: {intensity: 80%}", "lamp: {intensity: 80%}").replace("20%", "20")
    )
    with seen(night) as line, process(night.command()) as daemon:
        assert daemon.wait() == 78
        said = daemon.output.splitlines()
        places = [re.match(rf"{re.escape(str(night.show))}:(\d+):(\d+): error: .+ \[[\w-]+\]$", text) for text in said[:-1]]
        assert [place and place[1] for place in places] == ["6", "7"], daemon.output
        assert "nothing is run" in said[-1]
        assert line.packets == []
    assert night.processes() == []


def test_a_service_plays_the_last_good_show_and_feeds_the_watchdog(night: Night) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = night.folder / "notify"
        manager.bind(str(address))
        manager.settimeout(LONGEST)
        service = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "1000000"}
        with night.daemon("--sacn", "off", "--seconds", "0.1", env=service, ready=False) as good:
            assert good.wait() == 0
        told = until_told(manager, "STOPPING=1")
        assert told[0] == "READY=1"

        night.show.write_text(night.show.read_text().replace("20%", "90%").replace("cue: 2", "cue: two"))
        (night.state / "standing.json").write_text('5bd1e995 {"version":1,"show":"Hall')
        (night.state / "standing.json.1").unlink(missing_ok=True)
        with seen(night) as line, night.daemon(env=service) as daemon:
            told = until_told(manager, "WATCHDOG=1")
            assert "READY=1" in told
            until_told(manager, "WATCHDOG=1")
            (problem,) = night.ask("/api/state")[1]["problems"]
            assert problem.startswith(f"{night.show}:7:")
            assert night.playback()["cue"] == "0", "a torn standing is a fresh start"
            night.control(type="go")
            line.until_level(1, 1, 51)  # 20 %: the good one
            assert "the last good show is played" in daemon.output
            assert daemon.end() == 0


def until_told(manager: socket.socket, word: str) -> list[str]:
    """All that a service manager hears until a word."""
    told = [""]
    while told[-1] != word:
        told.append(manager.recv(100).decode())
    return told[1:]


# --- things that are not there -------------------------------------------------------------------------------------------


def test_nothing_is_there_and_the_night_goes_on(night: Night) -> None:
    """No PortAudio, no such device, no route for multicast, no broker: one line each, and everything else works."""
    (night.folder / "shadow").mkdir()
    (night.folder / "shadow" / "sounddevice.py").write_text('raise OSError("PortAudio library not found")\n')
    night.venue.write_text(night.venue.read_text() + "mqtt: {host: 127.0.0.1}\n")
    bare = {"PYTHONPATH": str(night.folder / "shadow")}
    with night.daemon("--sacn", "multicast", "--audio", "device:nothing", env=bare) as daemon:
        ear = night.until_part("ear", lambda part: part["state"] == "degraded", "degraded")
        assert re.search("PortAudio library is missing: apt install", ear["detail"])
        output = night.until_part("output", lambda part: part["state"] == "degraded", "degraded")
        assert re.search("no route to 239.255.0.[12]: is the cable in", output["detail"])
        mqtt = night.until_part("mqtt", lambda part: part["state"] == "degraded", "degraded")
        assert re.search("127.0.0.1.*1883", mqtt["detail"])
        night.control(type="go")
        until(lambda: night.playback()["cue"] == "1", LONGEST, "cue 1")
        ticks = night.part("engine")["counters"]["ticks"]
        until(lambda: night.part("engine")["counters"]["ticks"] > ticks + 250, LONGEST, "six seconds of looks")
        assert night.ask("/api/health")[1]["state"] == "degraded"
        lines = [re.sub(r"^[\d:]{8} ", "", text) for text in daemon.output.splitlines()]
    causes = Counter(line.split(":")[0] for line in lines if re.match("ear|mqtt|output|sacn", line))
    assert all(count == 1 for count in causes.values()), lines
    assert len(lines) < 10, lines
    output_log = (night.state / "run" / "output.log").read_text()
    assert len(output_log.splitlines()) == 1, output_log


def test_what_is_wrong_with_a_sound_is_said_in_words() -> None:
    rng = np.random.default_rng(1)
    square = np.sign(np.sin(2 * np.pi * 100 * np.arange(20 * 48000) / 48000))
    sounds = {
        "nothing": (np.zeros(20 * 48000), 48000, r"nothing\.wav is digital silence.*: .+"),
        "square": (square, 48000, r"square\.wav clips.*: .+"),
        "telephone": (0.1 * rng.standard_normal(20 * 8000), 8000, r"telephone\.wav .* 8000 Hz.*: .*48000.*"),
    }
    with ExitStack() as stack:
        nights = {}
        for name, (samples, rate, _) in sounds.items():
            nights[name] = one = stack.enter_context(night_in(stack.enter_context(namespace())))
            sound(one.folder / f"{name}.wav", samples, rate)
            file = f"file:{one.folder / name}.wav"
            stack.enter_context(one.daemon("--sacn", "off", "--audio", file, ready=False))
        for name, (_, _, words) in sounds.items():
            until(lambda one=nights[name]: one.answers(), LONGEST, "the page")
            nights[name].until_part("ear", lambda part, words=words: re.fullmatch(words, part["detail"]), words)


def sound(path: Path, samples: np.ndarray, rate: int) -> None:
    """A mono file of 16 bits; samples of -1..1."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((32767 * samples).clip(-32768, 32767).astype("<i2").tobytes())


def test_the_daemon_goes_before_programs_that_can_wait_and_what_reads_for_it_does_not(night: Night) -> None:
    with night.daemon() as daemon:
        [loader] = night.processes("showctl.loader")
        assert os.getpriority(os.PRIO_PROCESS, daemon.popen.pid) == rank.FIRST
        assert os.getpriority(os.PRIO_PROCESS, loader) == rank.LATER


# --- hands ---------------------------------------------------------------------------------------------------------------


def test_osc_and_page_reach_the_wire_of_the_demo(night: Night) -> None:
    demo = night.daemon("--no-browser", name="demo")
    with seen(night) as line, demo as daemon:
        until(lambda: line.level(1, 1) > 0, LONGEST, "the front light of the first cue")
        line.until_level(4, 512, 0)
        for level in (FULL, 0, FULL, 0):
            night.later(0.11)  # a second GO within 0.1 s is a finger that slipped
            night.osc("/showctl/list/probe/go")
            line.until_level(4, 512, level)
        night.osc("/showctl/list/probe/go", 0)  # a button that was released
        night.osc("/showctl/sub/probe", 0.2)
        line.until_level(4, 512, 51)
        assert line.level(1, 1) > 0
        for address, dark, light in (("/showctl/gm", 0.0, 1.0), ("/showctl/blackout", 1, 0)):
            night.osc(address, dark)
            line.until_level(1, 1, 0)
            assert line.level(4, 512) == 51, "the probe is beyond the masters"
            night.osc(address, light)
            until(lambda: line.level(1, 1) > 0, LONGEST, "light again")
        for headers in ({"Host": "light.example:8080"}, {"Origin": "http://light.example"}):
            status, said = night.ask("/api/control", {"type": "blackout", "on": True}, headers)
            assert (status, len(said.splitlines())) == (403, 1)
        assert night.playback()["blackout"] is False
        night.control(type="blackout", on=True)
        line.until_level(1, 1, 0)
        assert daemon.end() == 0
        until(lambda: not night.processes(), LONGEST, "an end of every process")
        for universe in (1, 2, 3, 4):
            assert [packet.terminated for packet in line.of(universe)[-4:]] == [False, True, True, True]
