"""The ear's loop: what goes to the daemon, when, in whose time; and what is said about the sound."""

import os
import socket
from types import SimpleNamespace

import numpy as np
import pytest

from showctl.inputs import ear
from showctl.inputs.ear import WAITING, Ear, open_source
from showctl.inputs.ear_channels import Chosen
from showctl.inputs.ear_ltc import Tape
from showctl.model import AudioBlock, BeatGrid, DeviceError, Features, State
from showctl.sound.portaudio import DeviceGone
from showctl.wire.features import CodeRead, EarStatus, decode, encode_choice
from showctl.wire.timecode import Rate
from tests.wire.ltc_encoder import label, play, tape

RATE, SIZE = 48000, 480


class Hearing:
    """An analysis that answers every block with what the test can check: its end, its peak, a beat 0.2 s ahead."""

    def __init__(self, rate):
        self.rate = rate

    def feed(self, block):
        end = (block.start + len(block.samples)) / self.rate
        return [Features(end, -20.0, grid=BeatGrid(end + 0.2, int(end * 2), 0.5, 1, 4, 0.5))]


class Desk:
    """A source that the test fills. Its clock runs 1 % fast, and frame 0 entered at monotonic 1000."""

    name, device, problem, rate, overflows, lost, wait, stretch = "device:desk", "Desk (JACK)", "", RATE, 0, 0, 0.005, 1.01

    def __init__(self):
        self.queue, self.frames, self.closed, self.trouble, self.shift, self.reached = [], 0, False, None, 0.0, []

    def play(self, seconds, level=0.1, rate=RATE):
        for _ in range(round(seconds * 100)):
            self.queue.append(AudioBlock(self.frames, np.full((SIZE, 2), level, np.float32), rate))
            self.frames += SIZE

    def at(self, frame):
        return 1000.0 + self.shift + frame / RATE * 1.01

    def tend(self):
        if self.trouble:
            raise self.trouble

    def reach(self, channels):
        self.reached.append(channels)
        return channels > 2

    def blocks(self):
        out, self.queue = self.queue, []
        return out

    def close(self):
        self.closed = True


class Bench:
    """An ear on a desk, and the daemon's end of its socket."""

    def __init__(self):
        self.daemon, self.end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.now, self.desk = 50.0, Desk()
        self.ear = Ear(self.desk, self.end, Hearing, lambda: self.now)

    def heard(self):
        """All that has arrived: features and statuses."""
        out = []
        while True:
            try:
                out.append(decode(self.daemon.recv(65536, socket.MSG_DONTWAIT)))
            except BlockingIOError:
                return [x for x in out if isinstance(x, Features)], [x for x in out if isinstance(x, EarStatus)]

    def run(self, seconds, level=0.1):
        """Real time goes by with this on the desk; all statuses of it."""
        statuses = []
        for _ in range(round(seconds * 10)):
            self.desk.play(0.1, level)
            self.now += 0.1
            assert self.ear.step()
            statuses += self.heard()[1]
        return statuses


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.daemon.close()
    made.end.close()


def test_time_anchor_and_period_leave_in_monotonic_seconds(bench):
    bench.desk.play(0.02)
    bench.ear.step()
    features, _ = bench.heard()
    assert [f.time for f in features] == pytest.approx([1000 + 0.01 * 1.01, 1000 + 0.02 * 1.01])
    assert features[0].grid.anchor == pytest.approx(1000 + 0.21 * 1.01)
    assert features[0].grid.period == pytest.approx(0.505)


def test_time_never_falls_however_the_fit_moves(bench):
    bench.desk.play(0.05)
    bench.ear.step()
    bench.desk.shift = -0.03
    bench.desk.play(0.05)
    bench.ear.step()
    times = [f.time for f in bench.heard()[0]]
    assert len(times) == 10
    assert times == sorted(times)


def test_another_rate_is_heard_by_another_analysis(bench):
    bench.desk.play(0.02)
    bench.desk.play(0.02, rate=44100)
    bench.ear.step()
    assert len(bench.heard()[0]) == 4
    assert bench.ear._analyzer.rate == 44100


def test_at_most_two_statuses_a_second_and_at_least_one(bench):
    statuses = bench.run(10)
    assert 10 <= len(statuses) <= 20
    assert (statuses[-1].state, statuses[-1].detail) == (State.RUNNING, "hears Desk (JACK) at 48000 Hz")
    assert statuses[-1].peak == pytest.approx(-20.0)


@pytest.mark.parametrize(
    ("level", "state", "words"),
    [
        (0.0, State.DEGRADED, "digital silence: unmute it, or connect its port"),
        (0.0005, State.RUNNING, "turn the send up"),
        (1.0, State.DEGRADED, "turn the send down"),
    ],
)
def test_what_is_wrong_with_the_sound_is_told_within_three_seconds_and_taken_back(bench, level, state, words):
    assert bench.run(3)[-1].state is State.RUNNING
    told = bench.run(3, level)[-1]
    assert told.state is state
    assert words in told.detail
    assert told.clipped == (level == 1.0)
    assert "hears" in bench.run(5)[-1].detail


def test_silence_in_a_song_is_no_fault(bench):
    bench.desk.device = ""
    told = bench.run(4, 0.0)[-1]
    assert (told.state, "name another" in told.detail) == (State.DEGRADED, True), "nothing was ever heard"
    bench.run(1)
    told = bench.run(4, 0.0)[-1]
    assert (told.state, "silence" in told.detail) == (State.RUNNING, True)


def test_a_source_that_never_says_a_word_is_told(bench):
    for _ in range(30):
        bench.now += 0.1
        bench.ear.step()
    statuses = bench.heard()[1]
    assert statuses[0].state is State.STARTING
    assert statuses[-1].state is State.DEGRADED
    assert "is it playing?" in statuses[-1].detail


def test_the_problem_of_the_source_comes_first(bench):
    bench.desk.problem = "there is no sound input called 'desk'"
    assert bench.run(1, 0.0)[-1].detail == "there is no sound input called 'desk'"


def test_a_daemon_that_is_late_finds_the_newest(bench):
    for n in range(30):  # 30 s of sound, while nobody reads
        bench.desk.play(1.0)
        assert bench.ear.step(), n
    received, features = [], bench.heard()[0]
    while features:
        received += features
        assert bench.ear.step()
        features = bench.heard()[0]
    frames = bench.desk.frames / SIZE
    assert received[-1].time == pytest.approx(1000 + frames * 0.01 * 1.01)
    assert WAITING <= len(received) < frames
    newest = received[-WAITING:]
    assert newest[-1].time - newest[0].time == pytest.approx((WAITING - 1) * 0.01 * 1.01)


def test_it_listens_to_the_channels_that_the_daemon_asks_for(bench):
    seen = []
    bench.ear._make = lambda _: SimpleNamespace(feed=lambda block: seen.append(block.samples.shape[1]) or [])
    bench.run(0.1)
    bench.daemon.send(encode_choice((2,)))
    assert bench.ear._obey()
    bench.run(0.1)
    assert (seen[0], seen[-1], bench.ear.channels) == (2, 1, (2,))
    bench.daemon.send(encode_choice(()))
    assert bench.ear._obey()
    bench.run(0.1)
    assert (seen[-1], bench.ear.channels, bench.desk.reached) == (2, (), [2, 2])


def test_a_stream_that_begins_anew_is_heard_anew(bench):
    bench.run(0.1)
    before = bench.ear._analyzer
    bench.daemon.send(encode_choice((17,)))
    assert bench.ear._obey()
    bench.run(0.1)
    assert bench.desk.reached == [17]
    assert bench.ear._analyzer is not before


def test_a_fresh_process_listens_to_what_was_chosen_last(bench, monkeypatch):
    began = []
    for name in ("go_first", "gc.freeze"):  # neither is for a process that goes on with other tests
        monkeypatch.setattr(f"showctl.inputs.ear.{name}", lambda: None)
    monkeypatch.setattr(ear, "open_source", lambda *_: bench.desk)
    monkeypatch.setattr(ear.os, "execv", lambda _, words: began.append(words[1:]))
    bench.desk.tend = lambda: bench.desk.reached and (_ for _ in ()).throw(DeviceGone("gone"))
    bench.daemon.send(encode_choice((4, 3)))
    fd = str(os.dup(bench.end.fileno()))
    asked = ["--source", "device:desk", "--fd", fd, "--ltc", "2", "--channel", "1"]
    ear.main(asked)
    assert began == [["-m", "showctl.inputs.ear", *asked[:-1], "4", "--channel", "3"]]


def test_it_ends_when_the_daemon_is_gone(bench):
    bench.daemon.close()
    bench.desk.play(0.1)
    bench.ear.run()
    assert bench.desk.closed


def test_it_ends_when_the_daemon_is_gone_even_if_nothing_is_heard(bench):
    bench.daemon.close()
    bench.ear._next_status = 1e9  # nor told
    bench.ear._told = (State.STARTING, "opens device:desk")
    bench.ear.run()
    assert bench.desk.closed


def test_a_device_that_died_is_told_before_the_process_begins_anew(bench):
    bench.desk.trouble = DeviceGone("Desk has gone away")
    with pytest.raises(DeviceError):
        bench.ear.run()
    assert bench.heard()[1][-1].detail == "Desk has gone away"
    assert bench.desk.closed


# --- a channel of time code ----------------------------------------------------------------------------------------------


def strip(channels, ltc, frames=50):
    """2 s with time code from 1:00:00:00 on a channel (from 1) and n / 10 on each other channel n."""
    code = play(tape(90_000, frames, Rate.PAL), Rate.PAL)[: frames * 1920]
    samples = np.tile(np.arange(1, channels + 1, dtype=np.float32) / 10, (len(code), 1))
    if ltc <= channels:
        samples[:, ltc - 1] = code
    return [AudioBlock(n, samples[n : n + SIZE], RATE) for n in range(0, len(samples), SIZE)]


@pytest.mark.parametrize(
    ("channels", "ltc", "live", "listened"),
    [(2, 2, False, [1]), (2, 1, True, [2]), (4, 3, False, [1, 2, 4]), (4, 4, True, [1, 2]), (1, 1, False, [0])],
)
def test_the_channel_of_time_code_is_read_and_not_listened_to(channels, ltc, live, listened):
    cut, read = Tape(ltc, live), []
    for block in strip(channels, ltc):
        music, heard = cut.split(block)
        read += heard
        assert (music.start, music.rate) == (block.start, block.rate)
        assert np.array_equal(music.samples, np.tile(np.float32(listened) / np.float32(10), (SIZE, 1)))
    assert [one.frame.face for one in read][:2] == [label(90_002, Rate.PAL), label(90_003, Rate.PAL)]
    assert len(read) >= 47


def test_time_code_is_told_in_the_time_of_the_stream_also_behind_sound_that_was_lost():
    cut, found = Tape(2, True), []
    for block in strip(2, 2):
        if not 40_000 <= block.start < 50_000:
            found += cut.split(AudioBlock(block.start + 1000, block.samples, block.rate))[1]
    assert len(found) > 35
    for one in found:
        assert (one.time - 1000) / RATE == pytest.approx(one.frame.at - 3600, abs=0.0005)


def test_time_code_goes_to_the_daemon_in_monotonic_seconds_and_is_told_of(bench):
    bench.ear._tape = Tape(2, True)
    bench.desk.queue = strip(2, 2)
    bench.ear.step()
    read = []
    while True:
        try:
            message = decode(bench.daemon.recv(65536, socket.MSG_DONTWAIT))
        except BlockingIOError:
            break
        if isinstance(message, CodeRead):
            read.append(message)
        elif isinstance(message, EarStatus):
            assert (message.state, message.detail) == (State.RUNNING, "hears Desk (JACK) at 48000 Hz; reads LTC on channel 2")
            assert message.peak == pytest.approx(-20.0), "of the music"
    assert len(read) >= 47
    for one in read:
        assert one.time - 1000 == pytest.approx((one.frame.at - 3600) * 1.01, abs=0.0005)


@pytest.mark.parametrize(
    ("channels", "ltc", "state", "words"),
    [
        (1, 1, State.RUNNING, "reads LTC on channel 1; it is the only one, so no music is heard"),
        (1, 2, State.DEGRADED, "has one channel only, and `audio: {ltc: 2}` asks for another"),
        (2, 5, State.DEGRADED, "has 2 channels, and `audio: {ltc: 5}`"),
    ],
)
def test_what_is_wrong_with_the_channel_is_said(bench, channels, ltc, state, words):
    bench.ear._tape = Tape(ltc, True)
    bench.desk.queue = strip(channels, ltc)
    bench.ear.step()
    data = []
    while True:
        try:
            data.append(bench.daemon.recv(65536, socket.MSG_DONTWAIT))
        except BlockingIOError:
            break
    [status] = [one for one in map(decode, data) if isinstance(one, EarStatus)]
    assert status.state is state
    assert words in status.detail


@pytest.mark.parametrize(
    ("channels", "asked", "ltc", "heard", "state", "words"),
    [
        (4, (3, 4), None, [3, 4], State.RUNNING, "at 48000 Hz, channels 3 and 4"),
        (4, (2,), None, [2], State.RUNNING, "at 48000 Hz, channel 2"),
        (4, (4, 3), 1, [4, 3], State.RUNNING, "channels 4 and 3; reads LTC on channel 1"),
        (2, (2, 3), None, [2], State.DEGRADED, "has 2 channels, and `audio: {channels: [2, 3]}` asks for 3: write those"),
        (1, (3,), None, [1], State.DEGRADED, "has one channel only, and `audio: {channels: [3]}`"),
        (2, (3,), 1, [2], State.DEGRADED, "asks for 3"),
    ],
)
def test_the_chosen_channels_are_listened_to(bench, channels, asked, ltc, heard, state, words):
    fed = []
    bench.ear._make = lambda _: SimpleNamespace(feed=lambda block: fed.append(block) or [])
    bench.ear._chosen, bench.ear._tape = Chosen(asked), None if ltc is None else Tape(ltc, True)
    bench.desk.queue = strip(channels, ltc or 99)
    bench.ear.step()
    for block in fed:
        assert np.array_equal(block.samples, np.tile(np.float32(heard) / np.float32(10), (SIZE, 1)))
    told = bench.heard()[1]
    assert len(fed) == 2 * RATE / SIZE
    assert told[-1].state is state
    assert words in told[-1].detail


def test_a_file_that_has_none_of_the_channels_is_heard_whole_without_a_word(bench):
    bench.ear._chosen, bench.desk.device = Chosen((3, 4)), ""
    bench.desk.queue = strip(2, 99)
    bench.ear.step()
    told = bench.heard()[1][-1]
    assert told.state is State.RUNNING
    assert "channel" not in told.detail


def test_time_code_that_stops_is_no_fault(bench):
    bench.ear._tape = Tape(2, True)
    told = bench.run(2)[-1]
    assert (told.state, told.detail.partition("; ")[2]) == (State.RUNNING, "no LTC on channel 2 now")


@pytest.mark.parametrize("spec", ["", "song.wav", "file:", "song:x", "device:", "none", "http://x"])
def test_an_unknown_source_is_refused(spec):
    with pytest.raises(ValueError, match="is not file:PATH"):
        open_source(spec, speaker=False)
