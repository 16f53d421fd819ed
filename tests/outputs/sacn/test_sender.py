"""A network that says no: counted, explained, and tried again."""

import errno

import numpy as np
import pytest

from showctl.outputs.sacn.frames import FILE, Patch
from showctl.outputs.sacn.sender import Log, Sender, explain


@pytest.fixture
def file():
    return np.zeros(1, FILE)[0]


@pytest.fixture
def sender(file):
    one = Sender(file, Log())
    yield one
    one.close()


def test_an_interface_that_is_not_there_keeps_multicast_in(sender, file, capsys):
    sender.configure(Patch(bytes(16), "x", (), interface="nosuch0"))
    assert not sender.send(b"x", "239.255.0.1")
    assert file["errors"][errno.ENODEV] == 1
    assert bytes(file["error_to"]) == b"nosuch0"
    sender.mend(1 << 60)
    assert file["errors"][errno.ENODEV] == 2
    assert capsys.readouterr().err.count("\n") == 1  # said once a minute
    assert sender.send(b"x", "127.0.0.1")


def test_an_address_that_is_not_ours_keeps_multicast_in(sender, file):
    sender.configure(Patch(bytes(16), "x", (), interface="192.0.2.1"))
    assert not sender.send(b"x", "239.255.0.1")
    assert file["errors"][errno.EADDRNOTAVAIL] == 1


def test_a_broadcast_address_is_refused_by_the_kernel_and_counted(sender, file):
    sender.configure(Patch(bytes(16), "x", ()))
    assert not sender.send(b"x", "255.255.255.255")
    assert file["errors"].sum() == 1


def test_a_log_says_each_cause_once_a_minute(capsys, monkeypatch):
    now = 10**12
    monkeypatch.setattr("showctl.outputs.sacn.sender.time.monotonic_ns", lambda: now)
    log = Log()
    for _ in range(100):
        log("a", "first")
        log("b", "second")
    now += 61 * 10**9
    log("a", "first")
    assert capsys.readouterr().err.splitlines() == ["sacn: first", "sacn: second", "sacn: first (99 more in the last minute)"]


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EPERM, errno.ENODEV, errno.EPIPE])
def test_an_error_is_explained(number):
    assert "10.0.0.9" in explain(number, "10.0.0.9")
