"""Files that are saved while a real daemon plays them: what is on the wire, on the page and in the health."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.real.conftest import Namespace, namespace, until
from tests.real.night import LONGEST, SHOW, VENUE, Night, night_in, wire, without_a_gap

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def net() -> Iterator[Namespace]:
    with namespace() as one:
        yield one


@pytest.fixture
def night(net: Namespace) -> Iterator[Night]:
    with night_in(net) as one:
        yield one


def state(night: Night, key: str) -> object:
    return night.ask("/api/state")[1][key]


def test_a_save_is_on_the_wire_a_mistake_is_not_and_an_undo_goes_back(night: Night) -> None:
    with night.daemon(), wire(night.net) as heard:
        night.control(type="go")
        heard.until_level(1, 1, 51)
        first = state(night, "version")
        night.show.write_text(SHOW.replace("20%", "40%"))
        heard.until_level(1, 1, 102)
        assert "1 cue changed: 1 (playing)" in night.part("show")["detail"]
        assert state(night, "version") != first

        night.show.write_text(SHOW.replace("20%", "20"))
        part = night.until_part("show", lambda p: p["state"] == "degraded", "mistakes")
        assert f"{night.show}:6:" in part["detail"]
        assert any("E-unit" in line for line in state(night, "problems"))
        assert night.playback()["cue"] == "1"
        assert heard.level(1, 1) == 102

        night.show.write_text(SHOW.replace("20%", "60%"))
        heard.until_level(1, 1, 153)
        assert night.part("show")["state"] == "running"
        assert state(night, "problems") == []

        night.osc("/showctl/reload/undo")
        heard.until_level(1, 1, 102)
        os.utime(night.show)
        heard.until_level(1, 1, 153)
        assert without_a_gap(heard.of(1))


def test_universes_come_and_go_and_the_others_do_not_notice(night: Night) -> None:
    with night.daemon(), wire(night.net) as heard:
        night.control(type="go")
        heard.until_level(1, 1, 51)
        more = VENUE.replace("  2: {to: 127.0.0.1}\n", "  2: {to: 127.0.0.1}\n  3: {to: 127.0.0.1}\n")
        more = more.replace("groups: {", "  side: {type: generic/dimmer, at: 3/7}\ngroups: {sides: [side], ")
        night.venue.write_text(more)
        until(lambda: heard.of(3), LONGEST, "the new universe")
        night.venue.write_text(VENUE)
        until(lambda: heard.of(3)[-1].terminated, LONGEST, "its end")
        assert without_a_gap(heard.of(1))
        assert not any(packet.terminated for packet in heard.of(1))
        assert heard.level(1, 1) == 51


def test_a_lit_fixture_is_repatched_only_by_force(night: Night) -> None:
    with night.daemon() as daemon, wire(night.net) as heard:
        night.control(type="go")
        heard.until_level(1, 1, 51)
        night.venue.write_text(VENUE.replace("at: [1/1, 1/2]", "at: [1/1, 1/9]"))
        part = night.until_part("show", lambda p: p["state"] == "degraded", "refused")
        assert "the patch of lamp.2 changes" in part["detail"]
        assert (heard.level(1, 2), heard.level(1, 9)) == (51, 0)
        assert any("E-lit" in line for line in state(night, "problems"))
        daemon.signal(signal.SIGHUP)  # of a closed terminal: it forces nothing
        night.later(1.0)
        assert heard.level(1, 9) == 0
        said = night.net.run([*night.command(name="reload")[4:7], "reload", "--force"])
        assert "asked" in said.stdout
        heard.until_level(1, 9, 51)
        assert heard.level(1, 2) == 0
        assert night.part("show")["state"] == "running"


def test_a_reader_that_is_killed_is_told_and_its_successor_goes_on(night: Night) -> None:
    with night.daemon(), wire(night.net) as heard:
        night.control(type="go")
        heard.until_level(1, 1, 51)
        (reader,) = night.processes("showctl.loader")
        os.kill(reader, signal.SIGKILL)
        night.until_part("show", lambda p: p["state"] == "degraded", "without its reader")
        night.show.write_text(SHOW.replace("20%", "40%"))
        heard.until_level(1, 1, 102)
        assert without_a_gap(heard.of(1))
    until(lambda: not night.processes("showctl.loader"), LONGEST, "the reader to end with its daemon")


def test_versions_are_kept_listed_and_restored(night: Night) -> None:
    with night.daemon(), wire(night.net) as heard:
        night.control(type="go")
        heard.until_level(1, 1, 51)
        night.show.write_text(SHOW.replace("20%", "40%"))
        heard.until_level(1, 1, 102)
        listed = until(lambda: (lines := history(night)) and len(lines) == 2 and lines, LONGEST, "two versions")
        assert [line.split()[0] for line in listed] == ["2", "1"]
        assert listed[0].endswith("1 cue changed: 1 (playing)")
        history(night, "--restore", "1")
        heard.until_level(1, 1, 51)
        assert night.show.read_text() == SHOW
        assert night.show.with_name("show.yaml.before-restore").read_text() == SHOW.replace("20%", "40%")


def history(night: Night, *more: str) -> list[str]:
    command = night.command(*more, name="history")
    return night.net.run(command[4:]).stdout.splitlines()
