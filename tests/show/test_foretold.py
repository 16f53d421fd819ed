"""A section that is foretold fires the cue that waits for it on its beat, once, and at the same time at every tick rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from showctl.model import Coming, Features, Go, Section
from showctl.plan import When
from tests.show.shows import Show, beat, cue, cues, dimmer, move, plan

DROP = 10.0  # s


def waits(*cues_that_wait: str, **more: object) -> Show:
    """A first cue, and cues that wait for a drop, each with its quantisation."""
    waiting = [cue(n, move(0, n / 10), when=When(Section.DROP, how)) for n, how in enumerate(cues_that_wait, 2)]  # type: ignore[arg-type]
    return Show(plan([dimmer(1)], cues(cue(1, move(0, 0.1)), *waiting), **more))


def said(until: float, coming: Coming | None, since: float = 9.4, heard_at: float = DROP + 0.1) -> list[Features]:
    """A build; from `since` on a drop is foretold, and heard from `heard_at` on."""
    news = []
    for i in range(int(until * 10)):
        t = i / 10
        section = Section.DROP if t >= heard_at else Section.BUILD
        fate = coming if since <= t and section is Section.BUILD else None
        news.append(beat(t, i // 5 + 1, section=section, coming=fate))
    return news


def played(show: Show, news: list[Features], rate: float = 10.0) -> list[tuple[float, str]]:
    """What was fired when, at so many ticks a second."""
    show.at(0.0, Go(time=0.0))
    until = news[-1].time + 1
    waiting = list(news)
    for i in range(1, int(until * rate) + 1):
        now = i / rate
        due = [f for f in waiting if f.time <= now]
        waiting = waiting[len(due) :]
        show.at(now, *due)
    return show.fired()


SURE = Coming(Section.DROP, DROP, 0.8)


@pytest.mark.parametrize("quantise", ["none", "beat"])
def test_a_foretold_drop_fires_its_cue_on_its_first_beat(quantise: str) -> None:
    assert played(waits(quantise), said(15, SURE)) == [(0.0, "1"), (pytest.approx(DROP, abs=1e-3), "2")]


def test_the_tick_rate_changes_nothing() -> None:
    slow, fast = (played(waits("none"), said(15, SURE), rate) for rate in (7.0, 44.0))
    assert slow == fast


def test_one_drop_fires_one_cue_of_a_list() -> None:
    show = waits("none", "none")
    assert [number for _, number in played(show, said(20, SURE))] == ["1", "2"]
    assert show.level(30.0, 0) == pytest.approx(0.2, abs=0.01)


def test_the_next_drop_fires_the_next_cue() -> None:
    again = [beat(t, int(t * 2) + 1, section=Section.BUILD if t < 30.1 else Section.DROP) for t in (25.0, 30.0, 30.1)]
    fired = played(waits("none", "none"), said(20, SURE) + again)
    assert fired[2:] == [(pytest.approx(30.1), "3")]


def test_one_that_is_hardly_sure_has_to_be_heard() -> None:
    doubt = replace(SURE, confidence=0.4)
    assert played(waits("none"), said(15, doubt))[1:] == [(pytest.approx(DROP + 0.1), "2")]


def test_one_that_is_taken_back_fires_nothing() -> None:
    news = [replace(f, coming=None) if f.time > 9.7 else f for f in said(15, SURE, heard_at=99)]
    assert played(waits("none"), news) == [(0.0, "1")]


def test_one_that_moves_fires_at_its_last_time() -> None:
    news = [replace(f, coming=replace(SURE, time=10.03)) if f.coming and f.time > 9.7 else f for f in said(15, SURE)]
    assert played(waits("none"), news)[1:] == [(pytest.approx(10.03), "2")]


def test_light_leaves_so_much_earlier_that_it_is_seen_on_the_beat() -> None:
    show = waits("none", sound_latency=0.02, lamp_latency=0.03)
    assert played(show, said(15, SURE))[1:] == [(pytest.approx(DROP - 0.05), "2")]


def test_a_cue_that_became_pending_after_the_drop_waits_for_the_next() -> None:
    show = waits("none")
    show.at(20.0, *said(20, SURE))
    show.at(21.0, Go(time=21.0))
    assert [number for _, number in show.fired()] == ["1"]


def test_a_short_build_fires_its_cue_and_the_drop_after_it_the_next() -> None:
    build, drop = When(Section.BUILD), When(Section.DROP)
    show = Show(plan([dimmer(1)], cues(cue(1), cue(2, when=build), cue(3, when=drop))))
    show.at(0.0, Go(time=0.0))
    kinds = [(5.0, Section.BREAK), (8.0, Section.BUILD), (10.0, Section.DROP)]
    show.at(20.0, *[beat(t, int(t * 2) + 1, section=kind) for t, kind in kinds])
    assert show.fired() == [(0.0, "1"), (8.0, "2"), (10.0, "3")]
