"""`showctl gesture learn`: a known device, an unknown one, strangers, noise and wrong use."""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
import sys
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from showctl.__main__ import main
from showctl.commands.gesture_learn import MOST_TOLD, Ear, _tell
from showctl.wire.osc import bundle, encode
from showctl.wire.wearable.learn import Learner
from showctl.wire.wearable.profile import profile
from tests.wire.wearable.dialects import DIALECTS, Turn, message


def ear(*allowed: str) -> Ear:
    return Ear(Learner(), [ipaddress.ip_network(one) for one in allowed])


def hear(into: Ear, *packets: bytes, host: str = "127.0.0.1", now: float = 1.0) -> None:
    for packet in packets:
        into.hear(packet, host, 4000, now)


def test_a_known_device_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    it = ear()
    for n in range(100):
        hear(it, *DIALECTS["zigsim"][1](n / 60, Turn(0, n / 60)), now=n / 60)
    assert _tell(it.learner, False) == 0
    told = capsys.readouterr().out
    assert "is zigsim/AB12-34" in told
    assert "60.0 Hz" in told
    assert "/AB12-34/gyro" in told
    assert "a profile for" not in told


def test_another_one_is_proposed(capsys: pytest.CaptureFixture[str]) -> None:
    it = ear()
    for n in range(150):
        turn = Turn(0, n / 50)
        hear(it, message("/w1/acc", *turn.force), message("/w1/turn-rate", *turn.rate), message("/w1/name", "left"), now=n / 50)
    assert _tell(it.learner, True) == 0
    (found,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found["devices"] == []
    assert {one["address"]: one["arguments"] for one in found["addresses"]} == {
        "/w1/acc": "nnn",
        "/w1/turn-rate": "nnn",
        "/w1/name": "s",
    }
    read = profile("my-device", yaml.safe_load(found["profile"])["my-device"])
    assert read.channels == ("acceleration", "rate")
    assert read.identified


def test_a_known_address_with_another_unit_is_doubted(capsys: pytest.CaptureFixture[str]) -> None:
    """/NAME/gyro is ZIG SIM's, in rad/s; this one sends degrees."""
    it = ear()
    for n in range(150):
        hear(it, message("/w1/gyro", *Turn(0, n / 50).rate), now=n / 50)
    assert _tell(it.learner, False) == 0
    told = capsys.readouterr().out
    assert "is zigsim/w1" in told
    assert "but /w1/gyro looks like rate deg/s (reaches 90: too fast for rad/s), not as zigsim has it" in told
    assert '"/{id}/gyro": "3: rate deg/s from 1"' in told


def test_nothing_came(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gesture", "learn", "--port", "0", "--seconds", "0.01"]) == 1
    assert "nothing came" in capsys.readouterr().err


def test_strangers_and_noise_are_counted_and_not_learned() -> None:
    it = ear("10.0.0.0/24")
    for n in range(100):
        hear(it, encode("/a", 1.0), host=f"10.0.1.{n}")
    hear(it, b"not osc", bundle(), host="10.0.0.7")
    assert not it.learner.sources
    assert len(it.knocking) == MOST_TOLD
    assert it.garbled == {"10.0.0.7:4000": 1}


@given(st.lists(st.binary(max_size=60) | st.text("/abfin,\0#", max_size=40).map(str.encode), max_size=30))
def test_any_packets_are_learned_or_counted(packets: list[bytes]) -> None:
    it = ear()
    hear(it, *packets)
    _tell(it.learner, True)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--host", "0.0.0.0"], "who may send"),
        (["--allow", "10.0.0.0/40"], "--allow"),
        (["--port", "70000"], "0 to 65535"),
        (["--seconds", "0"], "above 0"),
    ],
)
def test_wrong_use(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gesture", "learn", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        assert main(["gesture", "learn", "--port", str(other.getsockname()[1])]) == 69
    assert "choose another --port" in capsys.readouterr().err


@pytest.mark.slow
def test_over_the_network() -> None:
    command = [sys.executable, "-m", "showctl", "gesture", "learn", "--port", "0", "--seconds", "2", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = int(process.stderr.readline().partition(";")[0].rpartition(":")[2])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
            while process.poll() is None:
                for packet in DIALECTS["m5stick"][1](0.0, Turn(0, 0.0)):
                    device.sendto(packet, ("127.0.0.1", port))
                time.sleep(0.01)
        out, _ = process.communicate(timeout=20)
    found = json.loads(out)
    assert process.returncode == 0
    assert found["devices"] == ["m5stick/3"]
    assert found["addresses"][0]["count"] > 20
