"""Servers that were killed give their places back."""

from __future__ import annotations

import os

import pytest

from tests.real.conftest import need, process, until
from tests.real.jack import jack, places, ports, vacate

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]


def test_a_place_of_a_server_that_was_killed_is_free_again() -> None:
    need("jackd", "jack_lsp")
    name = f"showctl-killed-{os.getpid()}"
    with process(["jackd", "--no-realtime", "-n", name, "-d", "dummy"]) as server:
        until(lambda: (server.pid, name) in places(), 20, "its place")
        server.popen.kill()
        server.popen.wait()
    assert (server.pid, name) in places()
    with jack(f"showctl-after-{os.getpid()}", 2):
        assert "system:capture_2" in ports()
        assert name not in {one for _, one in places()}
    vacate()
    assert f"showctl-after-{os.getpid()}" not in {one for _, one in places()}
