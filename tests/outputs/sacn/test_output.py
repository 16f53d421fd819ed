"""The daemon's end and the real process, on loopback: values arrive, and neither side's death stops the light."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from showctl.model import DeviceError, State
from showctl.outputs.sacn import client
from showctl.outputs.sacn.client import DaemonRunning, Output
from showctl.outputs.sacn.frames import open_frames, persistent_cid
from showctl.outputs.sacn.sender import Log, Sender
from showctl.outputs.sacn.transmitter import Transmitter
from showctl.plan import Universe
from showctl.wire.e131 import DataPacket
from showctl.wire.e131_stream import REPEATS
from tests.outputs.sacn.conftest import wait_for

SHOW = Path(__file__).with_name("show_of_four.py")


def look(*values):
    return np.array([[value] * 512 for value in values], np.uint8)


def submit(output, *values, early=False):
    output.submit(look(*values), output.next_deadline(time.monotonic_ns()), early)


def shows(universe, value):
    return lambda p: p.universe == universe and set(p.slots) == {value} and not p.terminated


def ended(pid):
    """Whether a process (child of ours or not) has ended, waiting for it."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    try:
        return bool(poll.poll(10_000))
    finally:
        os.close(fd)


def test_values_arrive(studio, receiver):
    patch = [Universe(7, unicast=(receiver.address,), priority=120), Universe(3, unicast=(receiver.address,), sync=0)]
    output = studio.open(patch)
    assert not output.adopted
    assert output.last_frame() is None
    submit(output, 10, 20)
    packet = receiver.until(shows(7, 10))
    assert (packet.cid, packet.source_name, packet.priority) == (persistent_cid(studio.folder / "state"), "studio", 120)
    receiver.until(shows(3, 20))
    assert (output.last_frame()[:, 0] == [10, 20]).all()
    wait_for(lambda: output.health().state is State.RUNNING, "a running output")
    assert output.taken_over()


def test_a_universe_without_a_look_is_not_sent(studio, receiver):
    output = studio.open([Universe(1, unicast=(receiver.address,))])
    wait_for(output.alive, "the output")
    receiver.listen(0.3)
    assert receiver.packets == []


def test_repeats_then_still_and_no_packet_is_lost(studio, receiver):
    output = studio.open([Universe(1, unicast=(receiver.address,))])
    submit(output, 1)
    receiver.until_there_are(REPEATS + 2, universe=1)  # one, its repeats, and a keep-alive
    sequences = [p.sequence for p in receiver.of(1)]
    assert sequences == list(range(sequences[0], sequences[0] + REPEATS + 2))
    *repeats, keep_alive = np.diff(output.sent_at(0)[: REPEATS + 2])
    assert max(repeats) < 800e6 <= keep_alive


def test_terminate_is_three_packets_a_universe_and_the_end(studio, receiver):
    output = studio.open([Universe(n, unicast=(receiver.address,)) for n in (1, 2)])
    submit(output, 1, 2)
    receiver.until(shows(2, 2))
    pid = studio.output_pid()
    output.close("terminate")
    assert ended(pid)
    receiver.listen(0.2)
    for universe in (1, 2):
        assert [p.terminated for p in receiver.of(universe)][-4:] == [False, True, True, True]
    assert not (studio.runtime / "output.sock").exists()
    again = studio.open([Universe(n, unicast=(receiver.address,)) for n in (1, 2)])
    assert not again.adopted
    assert again.last_frame() is None  # what was terminated is not taken up


def test_hold_leaves_the_light_on_and_the_next_daemon_adopts_it(studio, receiver):
    patch = [Universe(n, unicast=(receiver.address,)) for n in (1, 2)]
    output = studio.open(patch, on_stop="hold")
    submit(output, 1, 2)
    receiver.until(shows(2, 2))
    pid = studio.output_pid()
    output.close("hold")
    receiver.until_there_are(6, universe=1)
    again = studio.open(patch, on_stop="hold")
    assert again.adopted
    assert studio.output_pid() == pid
    assert (again.last_frame()[:, 0] == [1, 2]).all()
    submit(again, 3, 4)
    receiver.until(shows(2, 4))
    sequences = [p.sequence for p in receiver.of(2)]
    assert sequences == [(sequences[0] + i) % 256 for i in range(len(sequences))]
    assert not any(p.terminated for p in receiver.of(1))


def test_the_light_goes_on_when_the_daemon_is_killed(studio, receiver):
    daemon = subprocess.Popen(
        [sys.executable, SHOW, studio.folder, "--to", receiver.address, "--on-stop", "hold"],
        stdout=subprocess.DEVNULL,
    )
    try:
        receiver.until_there_are(11, universe=1)
        with pytest.raises(DaemonRunning, match=str(daemon.pid)) as told:
            studio.open([Universe(1, unicast=(receiver.address,))])
        assert told.value.pid == daemon.pid
    finally:
        daemon.kill()
        daemon.wait()
    pid, last = studio.output_pid(), len(receiver.of(1))
    receiver.until_there_are(last + REPEATS + 2, universe=1)  # the repeats end, keep-alive goes on
    patch = [Universe(n, unicast=(receiver.address,)) for n in (1, 2, 3, 4)]
    output = Output.open(
        studio.runtime, patch, source_name="studio", interface=None, ttl=1, state_dir=studio.folder, on_stop="terminate"
    )
    studio.outputs.append(output)
    assert output.adopted
    assert studio.output_pid() == pid
    assert set(receiver.of(4)[-1].slots) == {77} == set(output.last_frame()[3])
    submit(output, 5, 6, 7, 8)
    receiver.until(shows(1, 5))
    assert len({r.packet.cid for r in receiver.packets}) == 1
    sequences = [p.sequence for p in receiver.of(1)]
    assert sequences == [(sequences[0] + i) % 256 for i in range(len(sequences))]


def test_an_output_that_dies_is_replaced_and_goes_on_where_it_was(studio, receiver, monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT_S", 0.05)
    output = studio.open([Universe(1, unicast=(receiver.address,))])
    submit(output, 9)
    receiver.until(shows(1, 9))
    for _ in range(3):
        pid = studio.output_pid()
        os.kill(pid, signal.SIGKILL)
        assert ended(pid)
        assert not output.alive()
        assert output.health().state is State.FAILED
        number = len(receiver.of(1))

        def replaced(pid=pid):
            output.tend()
            return output.alive() and studio.output_pid() != pid

        wait_for(replaced, "a new output")
        receiver.until_there_are(number + 1, universe=1)  # without a new look: the last one goes on
    assert set(receiver.of(1)[-1].slots) == {9}
    assert len({p.cid for p in receiver.of(1)}) == 1
    sequences = [p.sequence for p in receiver.of(1)]
    assert {(b - a) % 256 for a, b in zip(sequences, sequences[1:], strict=False)} <= {1, 2}  # one may die on its way
    assert dict(output.health().counters)["restarts"] == 3


def test_an_output_that_hangs_is_ended_and_replaced(studio, receiver, monkeypatch):
    monkeypatch.setattr(client, "HANGS_NS", 300_000_000)
    monkeypatch.setattr(client, "FRESH_NS", 200_000_000)
    output = studio.open([Universe(1, unicast=(receiver.address,))])
    submit(output, 9)
    receiver.until(shows(1, 9))
    pid = studio.output_pid()
    os.kill(pid, signal.SIGSTOP)

    def replaced():
        output.tend()
        return studio.output_pid() not in (pid, 0) and output.alive()

    wait_for(replaced, "a new output")
    assert ended(pid)
    submit(output, 10)
    receiver.until(shows(1, 10))


def test_a_new_patch_ends_what_left_and_keeps_what_stayed(studio, receiver):
    def patch(*numbers):
        return [Universe(n, unicast=(receiver.address,)) for n in numbers]

    output = studio.open(patch(1, 2))
    submit(output, 1, 2)
    receiver.until(shows(2, 2))
    pid = studio.output_pid()
    output.set_universes(patch(3, 2))
    submit(output, 3, 2)
    receiver.until(shows(3, 3))
    receiver.until(lambda p: p.universe == 1 and len([q for q in receiver.of(1) if q.terminated]) == 3)
    receiver.until_there_are(5, universe=3)
    assert len([q for q in receiver.of(1) if q.terminated]) == 3
    assert receiver.of(1)[-1].terminated
    assert not any(p.terminated for p in receiver.of(2) + receiver.of(3))
    assert {set(p.slots).pop() for p in receiver.of(2)} == {2}
    assert studio.output_pid() == pid


def test_an_adopted_output_takes_another_patch(studio, receiver):
    first = studio.open([Universe(n, unicast=(receiver.address,)) for n in (1, 2)], on_stop="hold")
    submit(first, 1, 2)
    receiver.until(shows(2, 2))
    first.close("hold")
    second = studio.open([Universe(n, unicast=(receiver.address,), priority=50) for n in (4, 2)])
    assert second.adopted
    assert (second.last_frame()[:, 0] == [0, 2]).all()
    receiver.until(lambda p: p.universe == 1 and p.terminated)
    assert receiver.until(lambda p: p.universe == 2 and p.priority == 50).slots[0] == 2
    assert not receiver.of(4)  # it has had no look yet


def test_a_control_event_on_a_still_stage_starts_the_grid_anew(studio, receiver):
    output = studio.open([Universe(1, unicast=(receiver.address,))])
    submit(output, 1)
    receiver.until_there_are(REPEATS + 1, universe=1)
    wait_for(lambda: time.monotonic_ns() - int(output.sent_at(0)[-1]) > 2 * output.period, "a period without a packet")
    before = output.next_deadline(0) % output.period
    submit(output, 2, early=True)
    receiver.until(shows(1, 2))
    wait_for(lambda: output.next_deadline(0) % output.period != before, "a new grid")
    assert int(output._file["grid"]) in output.sent_at(0)


def test_deadlines_lie_on_the_grid_and_far_enough_ahead(studio):
    output = studio.open([Universe(1)])
    grid, period = int(output._file["grid"]), output.period
    for now in (grid, grid + 1, grid + period - 2_000_000, grid + period - 1_999_999, grid + 10**12):
        deadline = output.next_deadline(now)
        assert (deadline - grid) % period == 0
        assert 2_000_000 <= deadline - now < period + 2_000_000


def test_an_orphan_shows_the_safe_look(studio, receiver):
    output = studio.open([Universe(1, unicast=(receiver.address,))], on_stop="hold", orphan=0.1)
    output.set_safe(look(200))
    submit(output, 1)
    receiver.until(shows(1, 1))
    output.close("hold")
    receiver.until(shows(1, 200))
    again = studio.open([Universe(1, unicast=(receiver.address,))])
    submit(again, 2)
    receiver.until(shows(1, 2))


def test_an_orphan_whose_stream_ends_with_its_daemon_ends(studio, receiver):
    output = studio.open([Universe(1, unicast=(receiver.address,))], on_stop="terminate", orphan=0.1)
    submit(output, 1)
    receiver.until(shows(1, 1))
    pid = studio.output_pid()
    output.close("hold")  # as if it had been killed
    receiver.until(lambda p: p.terminated)
    assert ended(pid)


def test_an_orphan_that_never_had_a_look_ends_with_its_daemon_too(studio, receiver):
    output = studio.open([Universe(1, unicast=(receiver.address,))], on_stop="terminate", orphan=0.1)
    pid = output.pid
    output.close("hold")  # as if it had been killed before its first look
    assert ended(pid)


@pytest.mark.parametrize(("on_stop", "last_words"), [("terminate", 3), ("hold", 0)])
def test_sigterm_to_the_output_does_what_the_venue_says(studio, receiver, on_stop, last_words):
    output = studio.open([Universe(1, unicast=(receiver.address,))], on_stop=on_stop)
    submit(output, 1)
    receiver.until(shows(1, 1))
    pid = studio.output_pid()
    os.kill(pid, signal.SIGTERM)
    assert ended(pid)
    receiver.listen(0.1)
    assert len([p for p in receiver.of(1) if p.terminated]) == last_words


def test_a_network_that_refuses_is_health_not_a_fault(studio, receiver):
    patch = [Universe(1, unicast=("255.255.255.255",)), Universe(2, unicast=("255.255.255.255", receiver.address))]
    output = studio.open(patch)
    submit(output, 1, 2)
    receiver.until(shows(2, 2))
    wait_for(lambda: output.health().state is State.DEGRADED, "a degraded output")
    health = output.health()
    assert "255.255.255.255" in health.detail
    assert output.alive()
    assert (studio.runtime / "output.log").read_text().count("\n") <= 1
    counters = dict(health.counters)
    assert counters["packets"] > 0
    assert sum(value for key, value in counters.items() if key.startswith("E")) > 0
    assert receiver.of(1) == []


def test_a_second_output_is_told_who_is_first(studio):
    output = studio.open([Universe(1)])
    wait_for(output.alive, "the output")
    second = subprocess.run(
        [sys.executable, "-m", "showctl.outputs.sacn.process", studio.runtime], capture_output=True, text=True, timeout=20
    )
    assert second.returncode == 1
    assert f"process {studio.output_pid()} is the output" in second.stderr


def test_an_output_that_waits_takes_over(studio, receiver):
    first = studio.open([Universe(1, unicast=(receiver.address,))], on_stop="hold")
    submit(first, 4)
    receiver.until(shows(1, 4))
    pid = studio.output_pid()
    waiting = subprocess.Popen([sys.executable, "-m", "showctl.outputs.sacn.process", studio.runtime, "--wait"])
    try:
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: studio.output_pid() == waiting.pid, "the next output")
        number = len(receiver.of(1))
        receiver.until_there_are(number + 1, universe=1)
        wait_for(lambda: first.tend() or first.alive(), "the daemon to adopt it")
        assert dict(first.health().counters)["restarts"] == 0
        first.close("terminate")
        assert waiting.wait(10) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            waiting.kill()
        waiting.wait()


def test_an_output_that_is_ended_before_its_first_packet_ends_the_streams_of_the_one_before(studio, receiver):
    first = studio.open([Universe(1, unicast=(receiver.address,)), Universe(2, unicast=(receiver.address,))], on_stop="hold")
    frames = open_frames(studio.runtime)
    transmitter = Transmitter(frames, Sender(frames.file, Log()))
    try:
        transmitter.terminate(0)  # nothing has a look: nothing to end
        submit(first, 4, 5)
        receiver.until(shows(2, 5))
        os.kill(studio.output_pid(), signal.SIGKILL)
        transmitter.take_patch()
        assert transmitter.take_look()
        transmitter.terminate(0)
        receiver.until(lambda p: p.universe == 2 and p.terminated)
        assert [len([p for p in receiver.of(n) if p.terminated]) for n in (1, 2)] == [1, 1]
    finally:
        transmitter.sender.close()


def test_a_path_too_long_for_a_socket_is_refused_in_words(tmp_path):
    with pytest.raises(DeviceError, match="too long"):
        Output.open(
            tmp_path / ("x" * 100), [], source_name="x", interface=None, ttl=1, state_dir=tmp_path, on_stop="hold", orphan=None
        )


def test_rubbish_on_the_socket_changes_nothing(studio, receiver):
    output = studio.open([Universe(1, unicast=(receiver.address,))])
    submit(output, 1)
    receiver.until(shows(1, 1))
    for rubbish in (b"", b"\xff\xfe", b"terminate" * 1000, b"Hold"):
        with contextlib.suppress(BlockingIOError):
            output._socket.sendto(rubbish, output._address)
    submit(output, 2)
    receiver.until(shows(1, 2))
    assert output.alive()


def test_the_order_of_packets_survives_a_daemon_that_writes_faster_than_they_leave(studio, receiver):
    output = studio.open([Universe(1, unicast=(receiver.address,))])
    for value in range(1, 250):
        submit(output, value)
    receiver.until(shows(1, 249))
    values = [p.slots[0] for p in receiver.of(1) if isinstance(p, DataPacket)]
    assert values == sorted(values)


def test_the_file_of_frames_is_shared(studio):
    studio.open([Universe(1)])
    frames = open_frames(studio.runtime)
    assert int(frames.file["daemon_pid"]) == os.getpid()
    assert frames.read_patch().source_name == "studio"
