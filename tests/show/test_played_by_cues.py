"""Tracks that cues begin, and what the engine makes of what hands ask of tracks: it passes them on, and says so."""

from __future__ import annotations

from showctl.model import Back, Go, Goto, Inputs, NextTrack, PlayTrack, ShowFrame, StopAll, TrackVolume
from showctl.plan import Span, TrackPart, TrackPlan, TracksPlan
from showctl.show.engine import ShowEngine
from showctl.show.state import State
from tests.show.shows import cue, cues, dimmer, move, plan

SONG = TracksPlan((TrackPlan("song", (TrackPart("song.wav", (0, 1)),), 60.0),), ())
SHOW = plan(
    [dimmer(1)],
    cues(
        cue(1, move(0, 0.5)),
        cue(2, move(0, 0.2), play="song", follow=Span(1.0)),
        cue(3, move(0, 0.3), play="song"),
        cue(4, move(0, 0.4)),
    ),
    tracks=SONG,
)


def step(engine: ShowEngine, now: float, *controls: object) -> ShowFrame:
    return engine.step(now, Inputs(controls=controls))  # type: ignore[arg-type]


def begun(frame: ShowFrame) -> list[tuple[float, str, str | None]]:
    return [(one.time, one.source, one.track) for one in frame.tracks]


def test_a_cue_begins_its_track_at_its_own_time_by_go_and_by_itself() -> None:
    engine = ShowEngine(SHOW)
    assert begun(step(engine, 1.0, Go(time=0.95))) == []
    assert begun(step(engine, 2.0, Go(time=1.987))) == [(1.987, "cue:2", "song")]
    assert begun(step(engine, 2.5)) == []
    assert begun(step(engine, 3.0)) == [(2.987, "cue:3", "song")]


def test_goto_begins_it_too_and_back_does_not() -> None:
    engine = ShowEngine(SHOW)
    assert begun(step(engine, 1.0, Goto(time=1.0, cue="3"))) == [(1.0, "cue:3", "song")]
    step(engine, 2.0, Go(time=2.0))
    assert begun(step(engine, 3.0, Back(time=3.0))) == []
    assert engine.playback.lists[0].current == "3"


def test_a_stop_in_the_very_step_of_the_go_begins_no_track() -> None:
    """The player has that stop already when the engine comes to tell it of the track."""
    engine = ShowEngine(SHOW)
    step(engine, 1.0, Go(time=1.0))
    assert begun(step(engine, 2.0, Go(time=1.98), StopAll(time=1.99))) == []
    assert begun(step(engine, 3.0, StopAll(time=2.98), Go(time=2.99))) != []


def test_a_show_that_is_taken_up_again_begins_nothing() -> None:
    engine = ShowEngine(SHOW)
    step(engine, 1.0, Goto(time=1.0, cue="3"))
    again = ShowEngine(SHOW)
    again.restore(engine.playback, 10.0)
    assert begun(step(again, 10.0)) == []
    resumed, gone = ShowEngine.restored(SHOW, engine.state(1.0))
    assert gone == []
    assert begun(step(resumed, 1.1)) == []


def test_the_fader_of_the_tracks_stands_where_it_stood_after_a_restart() -> None:
    engine = ShowEngine(SHOW)
    step(engine, 1.0, TrackVolume(time=1.0, level=0.25))
    resumed, _ = ShowEngine.restored(SHOW, State.unpack(engine.state(1.0).pack()))
    assert step(resumed, 1.1).playback.track_volume == 0.25


def test_what_is_asked_of_tracks_is_told_and_moves_no_light() -> None:
    engine = ShowEngine(SHOW)
    before = step(engine, 1.0, Go(time=1.0)).slots.copy()
    frame = step(engine, 2.0, NextTrack(time=2.0, source="pad"), TrackVolume(time=2.0, level=0.25))
    assert (frame.slots == before).all()
    assert [(one.type, dict(one.data)["control"]) for one in frame.events] == [
        ("asked_track", "nexttrack"),
        ("asked_track", "trackvolume"),
    ]
    assert frame.playback.track_volume == 0.25
    assert frame.tracks == ()


def test_where_there_are_none_and_what_is_no_volume_is_refused() -> None:
    engine = ShowEngine(plan([dimmer(1)], cues(cue(1, move(0, 0.5)))))
    [told] = step(engine, 1.0, PlayTrack(time=1.0)).events
    assert (told.type, dict(told.data)["reason"]) == ("refused", "the show file names no tracks")
    engine = ShowEngine(SHOW)
    [told] = step(engine, 1.0, TrackVolume(time=1.0, level=2.0)).events
    assert told.type == "refused"
    assert engine.playback.track_volume == 1.0


def test_a_go_that_was_meant_for_one_cue_does_not_fire_another() -> None:
    """The daemon was held up: a follow came while a gesture was on its way."""
    engine = ShowEngine(SHOW)
    step(engine, 1.0, Go(time=1.0, cue="1"))
    step(engine, 2.0, Go(time=2.0, cue="2"))
    frame = step(engine, 3.2, Go(time=3.15, source="gesture:left", cue="3"))
    assert begun(frame) == [(3.0, "cue:3", "song")]
    assert engine.playback.lists[0].current == "3"
    [reason] = [dict(one.data)["reason"] for one in frame.events if one.type == "refused"]
    assert reason == "it was meant for cue 3, which is not the next one any more"
