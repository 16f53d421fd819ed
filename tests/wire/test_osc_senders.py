"""Who is read and who is cut off: the bucket's law, floods of forged addresses, wearables that may not command, quarantine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.wire import osc_senders as module
from showctl.wire.osc_senders import Bucket, Sender, Senders, Verdict
from showctl.wire.places import split


def read(senders: Senders, host: str, times: list[float]) -> int:
    return sum(isinstance(senders.admit(host, time), Sender) for time in times)


@given(st.lists(st.floats(0.0, 0.2), max_size=300), st.floats(1.0, 1000.0), st.floats(1.0, 500.0))
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate(steps: list[float], rate: float, burst: float) -> None:
    bucket, now, times = Bucket(rate, burst, 0.0), 0.0, list[float]()
    for step in steps:
        now += step
        if bucket.take(now):
            times.append(now)
    for n, begin in enumerate(times):
        for count, end in enumerate(times[n:], 1):
            assert count <= burst + (end - begin) * rate + 1e-6


@given(st.floats(0.002, 10.0), st.integers(1, 200))
def test_who_stays_below_the_rate_is_never_cut_off(step: float, count: int) -> None:
    senders = Senders(["10.0.0.0/8"])
    assert read(senders, "10.0.0.1", [n * step for n in range(count)]) == count
    assert senders.cut_off == 0


def test_one_above_its_rate_is_cut_off_and_another_is_not() -> None:
    senders = Senders(["10.0.0.0/8"])
    loud = quiet = 0
    for n in range(20_000):  # for a second
        loud += read(senders, "10.0.0.1", [n / 20_000])
        if n % 200 == 0:
            quiet += read(senders, "10.0.0.2", [n / 20_000])
    assert loud == pytest.approx(750, abs=2)  # what 0.5 s bring, and those of the second
    assert quiet == 100
    assert senders.cut_off == 20_000 - loud
    first, second = senders.views(1.0)
    assert (first.name, first.state, first.cut_off) == ("10.0.0.1", "cut off", 20_000 - loud)
    assert (second.name, second.state, second.packets) == ("10.0.0.2", "allowed", 100)
    assert senders.views(20.0)[0].state == "allowed"


def test_a_bundle_counts_by_its_messages() -> None:
    senders = Senders(["10.0.0.0/8"])
    sender = senders.admit("10.0.0.1", 0.0)
    assert isinstance(sender, Sender)
    senders.more(sender, 256)
    assert senders.admit("10.0.0.1", 0.0) is Verdict.CUT_OFF
    assert senders.admit("10.0.0.1", 0.02) is sender


def test_beyond_what_all_may_send_nobody_loses_his_stop() -> None:
    senders = Senders(["10.0.0.0/8"], together=1000.0)
    hands = [n * 0.05 for n in range(20)]  # 20 a second, for a second
    assert isinstance(senders.admit("10.9.9.9", 0.0), Sender)
    passed = loud = 0
    for n in range(10_000):
        for other in range(5):
            loud += read(senders, f"10.0.0.{other}", [n / 10_000])
        if hands and hands[0] <= n / 10_000:
            passed += read(senders, "10.9.9.9", [hands.pop(0)])
    assert passed == 20
    assert loud < 500 + 1000 + 5 * 51  # the burst and the second of all, and a message each 20 ms of each


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(0.0, 0.01)), min_size=1, max_size=400))
def test_forged_addresses_take_no_memory(forged: list[tuple[int, float]]) -> None:
    senders, now = Senders(["0.0.0.0/1"]), 0.0
    for address, step in forged:
        now += step
        host = ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
        if senders.admit(host, now) is Verdict.STRANGER:
            senders.stranger(host, now)
    assert len(senders.views(now)) <= module.MOST_SENDERS + module.MOST_STRANGERS


@pytest.mark.slow
def test_a_flood_of_forged_addresses_is_bounded_and_who_was_there_before_is_read() -> None:
    senders = Senders(["10.0.0.0/8"])
    assert isinstance(senders.admit("10.200.0.1", 0.0), Sender)
    taken = hand = 0
    for n in range(100_000):  # in five seconds, each from another address
        now = n / 20_000
        taken += read(senders, f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", [now])
        if n % 2000 == 0:
            hand += read(senders, "10.200.0.1", [now])
    assert hand == 50
    assert taken <= module.MOST_SENDERS + 250 + 5 * 500  # the places, and what all the others share
    assert len(senders.views(5.0)) == module.MOST_SENDERS


def test_a_place_is_given_away_after_a_minute_of_silence() -> None:
    senders = Senders(["10.0.0.0/8"])
    for n in range(module.MOST_SENDERS):
        senders.admit(f"10.0.0.{n}", 0.0)
    senders.admit("10.0.0.0", 30.0)
    senders.admit("10.1.1.1", 61.0)
    names = {view.name for view in senders.views(61.0)}
    assert {"10.0.0.0", "10.1.1.1"} <= names
    assert len(names) == module.MOST_SENDERS


@pytest.mark.parametrize(
    ("allow", "wearables", "host", "port", "admitted", "commands"),
    [
        (["10.0.0.0/24"], [], "10.0.0.7", 9000, True, True),
        (["10.0.0.0/24"], ["10.0.0.7"], "10.0.0.7", 9000, True, False),  # in an allowed network, and worn
        (["10.0.0.0/24", "10.0.0.7"], ["10.0.0.7"], "10.0.0.7", 9000, True, True),  # its very address is allowed
        ([], ["10.0.0.7"], "10.0.0.7", 9000, True, False),  # motion needs no `allow`
        ([], ["10.0.0.7"], "10.0.0.8", 9000, False, False),
        (["10.0.0.0/24"], ["10.0.0.7:8001"], "10.0.0.7", 8001, True, False),
        (["10.0.0.0/24"], ["10.0.0.7:8001"], "10.0.0.7", 9000, True, True),  # another program there
        (["10.0.0.0/24"], ["ABCD-42"], "10.0.0.7", 9000, True, True),  # told by its own addresses
        (["fe80::/10"], ["[fe80::1]:8001"], "fe80::1", 8001, True, False),
    ],
)
def test_what_is_worn_may_not_command(
    allow: list[str], wearables: list[str], host: str, port: int, admitted: bool, commands: bool
) -> None:
    found = Senders(allow, wearables=wearables).admit(host, 0.0)
    assert isinstance(found, Sender) == admitted
    assert not isinstance(found, Sender) or found.commands(port) == commands


def test_other_wearables_can_be_named_while_it_runs() -> None:
    senders = Senders([], wearables=["10.0.0.7"])
    assert isinstance(senders.admit("10.0.0.7", 0.0), Sender)
    assert senders.admit("10.0.0.8", 0.0) is Verdict.STRANGER
    senders.stranger("10.0.0.8", 0.0)
    senders.wear(["10.0.0.8"])
    assert senders.admit("10.0.0.7", 1.0) is Verdict.STRANGER
    assert isinstance(senders.admit("10.0.0.8", 1.0), Sender)


def test_a_stranger_is_looked_at_a_few_times_and_counted_always() -> None:
    senders = Senders([])
    looks = 0
    for n in range(1000):
        assert senders.admit("10.0.0.7", n / 100) is Verdict.STRANGER
        looks += senders.stranger("10.0.0.7", n / 100) is not None
    [view] = senders.views(10.0)
    assert looks == module.LOOKS
    assert (view.name, view.state, view.packets, view.first, view.last) == ("10.0.0.7", "quarantine", 1000, 0.0, 9.99)
    assert senders.views(10.0 + module.TOLD_S) == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("10.0.0.7:9000", ("10.0.0.7", 9000)),
        ("10.0.0.7", ("10.0.0.7", None)),
        ("[fe80::1]:9000", ("fe80::1", 9000)),
        ("fe80::1", ("fe80::1", None)),
        ("glove", ("glove", None)),
    ],
)
def test_addresses_with_and_without_a_port(text: str, parts: tuple[str, int | None]) -> None:
    assert split(text) == parts


def test_ipv4_at_a_port_for_both_is_itself_and_a_link_local_address_has_no_interface() -> None:
    senders = Senders(["10.0.0.0/24", "fe80::7"], wearables=["10.0.0.21", "fe80::9"])
    for host, commands, worn in (
        ("::ffff:10.0.0.7", True, False),
        ("::ffff:10.0.0.21", False, True),
        ("fe80::7%wlan0", True, False),
        ("fe80::9%wlan0", False, True),
    ):
        sender = senders.admit(host, 1.0)
        assert not isinstance(sender, Verdict)
        assert (sender.commands(9000), sender.is_worn(9000)) == (commands, worn)
    assert senders.admit("::ffff:10.0.1.7", 1.0) is Verdict.STRANGER
