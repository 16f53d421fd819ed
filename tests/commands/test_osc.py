"""`showctl osc bench` and `monitor`: the fields that scripts rely on, what is shown and how often, one line for each mistake."""

from __future__ import annotations

import contextlib
import io
import json
import math
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.__main__ import main
from showctl.commands import osc_monitor
from showctl.commands.osc_bench import as_text, summary
from showctl.commands.osc_monitor import Monitor
from showctl.commands.osc_sender import PACKET, addresses
from showctl.wire.osc import bundle, encode


@pytest.mark.slow
def test_bench_says_what_was_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["osc", "bench", "--seconds", "0.5", "--rate", "1000", "--sources", "10", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    [step] = result["steps"]
    assert step["received"] + step["lost"] == step["sent"] > 0
    assert step["received"] == step["acted_on"] + step["cut_off"]
    assert step["cpu_seconds"] > 0
    assert step["longest_pause_ms"] >= 0
    assert result["lossless_per_second"] in (0, step["messages_per_second"])


def test_what_the_sender_sends_is_what_the_dictionary_knows() -> None:
    assert encode("/showctl/sub/probe", 0.5) == PACKET
    assert len(set(addresses(1000))) == 1000


def test_the_best_step_is_the_fastest_without_loss() -> None:
    step = dict.fromkeys(("lost", "cut_off", "sources", "cpu_share", "us_per_message", "longest_pause_ms"), 0)
    steps = [{**step, "messages_per_second": n, "lost": int(n > 2000)} for n in (1000, 2000, 3000)]
    assert summary(steps)["lossless_per_second"] == 2000
    assert as_text(summary(steps)).endswith("without loss: 2000 messages a second")
    assert as_text(summary(steps[2:])).endswith("there was loss at every rate")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bench", "--seconds", "0"], "--seconds must be"),
        (["bench", "--rate", "0"], "--rate 1.."),
        (["bench", "--sources", "0"], "--sources must be"),
        (["monitor", "--listen", "nowhere"], "write HOST:PORT"),
        (["monitor", "--listen", "0.0.0.0:8000"], "--allow NETWORK"),
        (["monitor", "--allow", "nowhere"], "--allow: 'nowhere'"),
    ],
)
def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(["osc", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1


def test_a_port_that_the_show_has(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        assert main(["osc", "monitor", "--listen", f"127.0.0.1:{taken.getsockname()[1]}"]) == 69
    assert "see its page, or listen on another" in capsys.readouterr().err


def test_nothing_came(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["osc", "monitor", "--listen", "127.0.0.1:0", "--seconds", "0.05"]) == 1
    assert "nothing came" in capsys.readouterr().err


def test_what_comes_by_the_network_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with osc_monitor._open("127.0.0.1", 0) as opened, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(encode("/accxyz", 0.1, 1, "two"), opened.getsockname())
        monitor = Monitor([], 0.0, as_json=False)
        osc_monitor._listen(opened, monitor, 0.05)
    assert monitor.end() == 0
    shown, told = capsys.readouterr().out.splitlines()
    assert shown.split() == [next(iter(monitor.sources)), "/accxyz", "0.1", "1", "'two'"]
    assert told.endswith(": 1 messages, 0.0 a second")


def test_the_same_address_is_shown_twice_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    monitor = Monitor([], 0.5, as_json=False)
    for n in range(100):
        monitor.take(encode("/sensors", 1.0), "127.0.0.1", 9000, n / 100)
        monitor.take(b"rubbish", "127.0.0.1", 9000, n / 100)
    assert monitor.end() == 0
    assert capsys.readouterr().out.splitlines() == [
        "127.0.0.1:9000         /sensors 1",
        "127.0.0.1:9000         not OSC: neither a message nor a bundle",
        "127.0.0.1:9000         /sensors 1  (50 messages)",
        "127.0.0.1:9000         not OSC: neither a message nor a bundle  (50 messages)",
        "127.0.0.1:9000: 100 messages, 100.0 a second, 100 packets that are not OSC",
    ]


def test_as_json_every_message_with_its_tags(capsys: pytest.CaptureFixture[str]) -> None:
    monitor = Monitor([], 0.0, as_json=True)
    monitor.take(bundle(encode("/a", math.nan, b"\x07"), encode("/b", True, None)), "127.0.0.1", 9000, 0.0)
    monitor.end()
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [
        {"source": "127.0.0.1:9000", "address": "/a", "tags": "fb", "arguments": ["nan", "07"]},
        {"source": "127.0.0.1:9000", "address": "/b", "tags": "TN", "arguments": [True, None]},
        {"source": "127.0.0.1:9000", "messages": 2, "rate_hz": 0.0, "malformed": 0},
    ]


def test_who_is_not_allowed_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    monitor = Monitor([], 0.0, as_json=False)
    monitor.take(encode("/a"), "10.0.0.7", 9000, 0.0)
    assert monitor.end() == 1
    assert "1 packets of others" in capsys.readouterr().err


PACKETS = st.binary(max_size=60) | st.tuples(st.text("ab/", max_size=5), st.floats(width=32)).map(
    lambda one: encode("/" + one[0], one[1])
)


@given(st.lists(st.tuples(PACKETS, st.integers(0, 200)), max_size=100))
def test_whatever_comes_is_one_line_of_json_each_and_bounded(sent: list[tuple[bytes, int]]) -> None:
    monitor = Monitor([], 1e9, as_json=True)
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.redirect_stderr(io.StringIO()):
        for n, (data, port) in enumerate(sent):
            monitor.take(data, "127.0.0.1", port, float(n))
        monitor.end()
    rows = [json.loads(line) for line in shown.getvalue().splitlines()]
    assert sum("rate_hz" in row for row in rows) == len(monitor.sources) <= osc_monitor.MOST_SENDERS
    assert sum(one.messages + one.malformed for one in monitor.sources.values()) + monitor.others <= len(sent)
