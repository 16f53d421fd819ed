"""Health in the log: said once, not for every number in it, and taken back."""

from __future__ import annotations

import logging

import pytest

from showctl.model import Health, State
from showctl.nurse import Nurse
from showctl.supervise import Quiet


class Ward:
    """A nurse with a clock of our own."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "showctl")
        self.now, self.caplog = 0.0, caplog
        self.quiet = Quiet(lambda: self.now)
        self.nurse = Nurse(self.quiet, silent=frozenset({"mqtt"}))

    def after(self, seconds: float, state: State, detail: str, part: str = "ear") -> list[str]:
        """What is said of a part then."""
        self.now += seconds
        self.caplog.clear()
        self.nurse.visit([Health(part, state, detail)])
        return [record.getMessage() for record in self.caplog.records]


def test_said_once_and_taken_back(caplog: pytest.LogCaptureFixture) -> None:
    ward = Ward(caplog)
    assert ward.after(1, State.RUNNING, "hears desk") == []
    assert ward.after(1, State.DEGRADED, "no desk: plug it in") == ["ear: no desk: plug it in"]
    assert ward.after(1, State.DEGRADED, "no desk: plug it in") == []
    assert ward.after(90, State.DEGRADED, "no desk: plug it in") == []
    assert ward.after(1, State.RUNNING, "hears desk") == ["ear: well again, hears desk"]


def test_numbers_are_no_news_but_other_words_are(caplog: pytest.LogCaptureFixture) -> None:
    ward = Ward(caplog)
    assert ward.after(1, State.DEGRADED, "3 packets lost") == ["ear: 3 packets lost"]
    assert ward.after(1, State.DEGRADED, "12 packets lost") == []
    assert ward.after(1, State.FAILED, "no route") == ["ear: no route"]


def test_what_comes_and_goes_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    ward = Ward(caplog)
    lines = []
    for _ in range(29):
        lines += ward.after(1, State.DEGRADED, "clips") + ward.after(1, State.RUNNING, "hears desk")
    assert lines == ["ear: clips", "ear: well again, hears desk"]
    ward.after(2, State.RUNNING, "hears desk")
    assert ward.after(1, State.DEGRADED, "clips") == ["ear: clips (28 more in the last minutes)"]


def test_what_others_say_and_what_only_starts_is_not_said(caplog: pytest.LogCaptureFixture) -> None:
    ward = Ward(caplog)
    assert ward.after(1, State.DEGRADED, "no broker", "mqtt") == []
    assert ward.after(1, State.STARTING, "opens desk") == []
    ward.quiet.line("ear: no card")  # as the supervisor does with a DeviceError
    assert ward.after(1, State.DEGRADED, "no card") == []
