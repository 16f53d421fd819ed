"""Pads and faders of a desk against the real words and, where levels are met, the real engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.words import Words
from showctl.model import (
    BeatState,
    Blackout,
    Check,
    ControlEvent,
    Downbeat,
    ExitLoop,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Hold,
    Identify,
    LetGo,
    LockBeat,
    Nudge,
    Octave,
    PlaybackState,
    Reload,
    SetHouse,
    SetMaster,
    SetRate,
    Tap,
)
from showctl.plan import Category, Parameter, Submaster
from showctl.wire.midi import Bend, Controller, Message, Note, Program
from showctl.wire.midi_map import REACH, UNDER_WAY_S, VERBS, Deed, Surface, Way, deed, knob
from showctl.wire.osc_arguments import Refusal
from tests.show.shows import Show, cue, cues, dimmer, plan
from tests.wire.test_osc_dictionary import NAMES

WHO = {"time": 3.5, "source": "midi:desk"}
BLANK = PlaybackState((), submasters=(("front", 0.5), ("probe", 0.0)), house=0.25)


def surface(channel: int | None = None, **entries: str) -> Surface:
    """note_36="go" and so on."""
    return Surface({knob(place.replace("_", " ")): deed(words) for place, words in entries.items()}, channel)


def take(
    on: Surface, message: Message, playback: PlaybackState | None = BLANK, time: float = 3.5
) -> ControlEvent | Refusal | None:
    return on.take(message, playback, time, "midi:desk", NAMES)


FIRES = {
    "go": Go(**WHO),
    "list probe go": Go(list="probe", **WHO),
    "list probe exit": ExitLoop(list="probe", **WHO),
    "goto 12.50": Goto(cue="12.5", **WHO),
    "list probe goto 3": Goto(cue="3", list="probe", **WHO),
    "rate 0.5": SetRate(rate=0.5, **WHO),
    "list probe rate 1": SetRate(rate=1.0, list="probe", **WHO),
    "tap": Tap(**WHO),
    "beat half": Octave(step=-1, **WHO),
    "beat double": Octave(step=1, **WHO),
    "beat downbeat": Downbeat(**WHO),
    "beat earlier": Nudge(by=-0.01, **WHO),
    "beat nudge -2.5": Nudge(by=-0.0025, **WHO),
    "beat free": FreeBeat(**WHO),
    "reload undo": Reload(do="undo", **WHO),
    "check -1": Check(step=-1, **WHO),
    "set par intensity 70%": Hold(values=(("par.1/intensity", 0.7), ("par.2/intensity", 0.7)), **WHO),
    "set par - par.1 intensity full": Hold(values=(("par.2/intensity", 1.0),), **WHO),
    "set 1/101 51": Hold(values=(("1/101", 0.2),), **WHO),
    "set house 30% 3s": SetHouse(level=0.3, fade=3.0, **WHO),
    "release hands": LetGo(**WHO),
    "release hands par.1 colour": LetGo(keys=("par.1/red",), **WHO),
}


@pytest.mark.parametrize("words", FIRES)
def test_a_pad_fires_when_it_is_hit_and_not_when_it_is_let_go(words: str) -> None:
    pad = surface(note_36=words)
    assert take(pad, Note(1, 36, 1)) == FIRES[words]
    assert take(pad, Note(1, 36, 0)) is None
    assert take(pad, Note(1, 36, 127)) == FIRES[words]
    assert take(pad, Note(1, 37, 127)) is None
    assert take(pad, Controller(1, 36, 127)) is None


def test_a_program_fires_each_time() -> None:
    desk = surface(program_3="goto 3")
    assert [take(desk, Program(1, 3)), take(desk, Program(1, 3)), take(desk, Program(1, 4))] == [Goto(cue="3", **WHO)] * 2 + [
        None
    ]


def test_a_controller_that_is_a_button_fires_when_it_gets_to_the_middle() -> None:
    desk = surface(cc_7="go")
    said = [take(desk, Controller(1, 7, value)) for value in (0, 63, 64, 65, 127, 64, 63, 0, 127, 0)]
    assert [one is not None for one in said] == [False, False, True, False, False, False, False, False, True, False]


def test_a_flash_is_as_long_as_the_pad_is_down() -> None:
    desk = surface(note_40="flash front", cc_9="identify par.1")
    assert take(desk, Note(1, 40, 9)) == Flash(submaster="front", on=True, **WHO)
    assert take(desk, Note(1, 40, 0)) == Flash(submaster="front", on=False, **WHO)
    assert take(desk, Controller(1, 9, 127)) == Identify(fixture="par.1", on=True, **WHO)
    assert take(desk, Controller(1, 9, 100)) is None
    assert take(desk, Controller(1, 9, 0)) == Identify(fixture="par.1", on=False, **WHO)


def test_what_is_held_is_let_go_when_the_desk_is_pulled_out() -> None:
    desk = surface(note_40="flash front", note_41="flash probe", note_42="go")
    for pad in (40, 41, 42):
        take(desk, Note(1, pad, 9))
    take(desk, Note(1, 41, 0))
    assert desk.pulled(4.0, "midi:desk", NAMES) == [Flash(time=4.0, source="midi:desk", submaster="front", on=False)]
    assert desk.pulled(4.0, "midi:desk", NAMES) == []


def test_blackout_turns_over() -> None:
    desk = surface(note_1="blackout")
    assert take(desk, Note(1, 1, 9)) == Blackout(on=True, **WHO)
    assert take(desk, Note(1, 1, 0)) is None
    assert take(desk, Note(1, 1, 9), PlaybackState((), blackout=True)) == Blackout(on=False, **WHO)


def test_the_lock_of_the_beat_turns_over() -> None:
    desk = surface(note_1="beat lock")
    assert take(desk, Note(1, 1, 9)) == LockBeat(on=True, **WHO)
    assert take(desk, Note(1, 1, 0)) is None
    locked = PlaybackState((), blackout=True, beats=BeatState("lock"))
    assert take(desk, Note(1, 1, 9), locked) == LockBeat(on=False, **WHO)
    assert take(desk, Note(1, 1, 9), PlaybackState((), blackout=True)) == LockBeat(on=True, **WHO)


@pytest.mark.parametrize("words", ["beat", "beat nudge", "beat nudge 2000", "beat nudge fast", "beat stop", "beat lock 1"])
def test_what_the_beat_cannot_do_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=words):
        deed(words)


def test_a_channel_is_the_only_one_and_without_it_all_are() -> None:
    assert take(surface(10, note_1="go"), Note(9, 1, 9)) is None
    assert take(surface(10, note_1="go"), Note(10, 1, 9)) is not None
    assert take(surface(note_1="go"), Note(9, 1, 9)) is not None


def test_what_the_show_does_not_know_is_refused() -> None:
    assert take(surface(note_1="list nobody go"), Note(1, 1, 9)) is Refusal.LIST
    assert take(surface(cc_1="sub nobody"), Controller(1, 1, 9)) is Refusal.SUBMASTER
    assert take(surface(note_1="set par colour nobody"), Note(1, 1, 9)) is Refusal.WORDS


# --- soft takeover ---------------------------------------------------------------------------------------------------


def playing(front: float) -> PlaybackState:
    return PlaybackState((), submasters=(("front", front),))


def levels(desk: Surface, values: list[int], front: float = 0.5) -> list[float]:
    """What a fader asks for while it is moved, and what it asks for comes true at once."""
    found, at = [], front
    for value in values:
        asked = take(desk, Controller(1, 20, value), playing(at))
        if isinstance(asked, SetMaster):
            at = asked.level
            found.append(at)
    return found


def test_a_fader_takes_over_where_it_meets_the_level() -> None:
    desk = surface(cc_20="sub front")
    assert levels(desk, [0, 20, 61]) == []
    assert levels(desk, [63, 64, 100, 0]) == [63 / 127, 64 / 127, 100 / 127, 0.0]


def test_a_fader_that_passes_the_level_between_two_messages_takes_over() -> None:
    assert levels(surface(cc_20="sub front"), [10, 90, 91]) == [90 / 127, 91 / 127]
    assert levels(surface(cc_20="sub front"), [110, 90, 20]) == [20 / 127]


def test_the_first_word_of_a_fader_passes_nothing() -> None:
    assert levels(surface(cc_20="sub front"), [127]) == []


def test_a_level_that_was_changed_elsewhere_has_to_be_met_again() -> None:
    desk = surface(cc_20="sub front")
    assert levels(desk, [60, 70]) == [70 / 127]
    assert levels(desk, [71, 72, 100], front=0.1) == []
    assert levels(desk, [50, 13, 0], front=0.1) == [13 / 127, 0.0]


def test_a_level_put_back_to_one_that_the_fader_had_before_is_not_the_faders() -> None:
    desk = surface(cc_20="sub front")
    for i, value in enumerate(range(0, 101, 5)):  # from the level of 0 up to 100/127, in less than it remembers
        asked = take(desk, Controller(1, 20, value), playing(max(0, value - 5) / 127), time=i / 50)
        assert isinstance(asked, SetMaster)
    assert take(desk, Controller(1, 20, 101), playing(0.0), time=1.0) is None


def test_what_it_asked_for_itself_is_still_under_way() -> None:
    desk = surface(cc_20="sub front")
    take(desk, Controller(1, 20, 64), playing(0.5), time=1.0)
    for i, value in enumerate(range(65, 75)):  # the show says 64/127 until the next tick
        assert take(desk, Controller(1, 20, value), playing(64 / 127), time=1.0 + 0.001 * i) is not None
    assert take(desk, Controller(1, 20, 80), playing(64 / 127), time=1.1 + UNDER_WAY_S) is None


def test_after_it_was_pulled_out_it_has_to_be_met_again() -> None:
    desk = surface(cc_20="sub front")
    assert levels(desk, [64, 100]) == [64 / 127, 100 / 127]
    desk.pulled(4.0, "midi:desk", NAMES)
    assert levels(desk, [20], front=100 / 127) == []


def test_a_hold_of_what_nobody_holds_is_taken_at_once_and_then_met() -> None:
    desk = surface(cc_1="set par.1 red")
    assert take(desk, Controller(1, 1, 127)) == Hold(values=(("par.1/red", 1.0),), **WHO)
    assert take(desk, Controller(1, 1, 110), PlaybackState((), held=(("par.1/red", 0.8),))) is None


def test_before_the_first_frame_no_fader_moves_anything() -> None:
    desk = surface(cc_20="gm", note_1="go")
    assert take(desk, Controller(1, 20, 127), None) is None
    assert take(desk, Note(1, 1, 9), None) == Go(**WHO)


def test_the_pitch_wheel_is_a_fader_of_14_bits() -> None:
    desk = surface(pitch="house")
    assert take(desk, Bend(1, 4096)) == SetHouse(level=4096 / 16383, **WHO)


MOVES = st.lists(st.one_of(st.integers(0, 127), st.floats(0.0, 1.0)), max_size=40)


@given(MOVES)
def test_a_level_never_jumps_whatever_is_moved_here_and_elsewhere(moves: list[int | float]) -> None:
    """Ints are the fader, floats somebody else. A fader only ever takes the level from within the way that it went itself."""
    desk, front, was = surface(cc_20="sub front"), 0.5, None
    for i, one in enumerate(moves):
        if isinstance(one, float):
            front = one
            continue
        asked = take(desk, Controller(1, 20, one), playing(front), time=float(i))
        if isinstance(asked, SetMaster):
            way = (one / 127, one / 127 if was is None else was)
            assert min(way) - REACH <= front <= max(way) + REACH
            front = asked.level
        was = one / 127


def test_levels_come_back_from_the_engine_as_they_were_sent() -> None:
    house = Parameter("house", 0, "intensity", Category.INTENSITY, 1, (2,), exempt=True)
    front = Submaster("front", "inhibitive", ((0, 1.0),), level=1.0)
    of = plan([dimmer(1), house], cues(cue(1)), submasters=(front,), house=(1,), house_level=1.0)
    show, names = Show(of), Words(of)
    desk = surface(cc_1="gm", cc_2="sub front", cc_3="house", cc_4="set 1/1")
    playback, now = show.at(0.0).playback, 0.0
    for value in (127, 90, 3, 0, 64, 1):  # far from each other: who has lost the level is not within reach of the next
        for number in (1, 2, 3, 4):
            now += 0.5
            asked = desk.take(Controller(1, number, value), playback, now, "midi:desk", names)
            assert isinstance(asked, SetMaster | SetHouse | Hold), (number, value)
            playback = show.at(now, asked).playback


# --- what is written -------------------------------------------------------------------------------------------------


def test_places_of_a_desk() -> None:
    assert [str(knob(text)) for text in ("note 0", "cc  007", "program 127", "pitch")] == [
        "note 0",
        "cc 7",
        "program 127",
        "pitch",
    ]
    for text in ("note", "note 128", "note -1", "note C3", "pad 3", "pitch 1", "cc7", "note ３", ""):
        with pytest.raises(ValueError, match="write `note 36`"):
            knob(text)


def test_ways_of_words() -> None:
    assert deed("set par - par.1 red") == Deed(Way.FOLLOWS, "/showctl/set/par - par.1/red")
    assert deed("park 1/101") == Deed(Way.FOLLOWS, "/showctl/park/1/101")
    assert deed("  list   probe  back ").address == "/showctl/list/probe/back"


NO_WORDS = "submaster,goto,goto x,goto 12345,rate,rate 21,rate fast,list probe,list probe blackout,blackout 1,gm 50%,sub,flash,"
NO_WORDS += "list a/b go,sub a/b,flash /,identify a/,check 2,set,reload now,identify,release house,"


@pytest.mark.parametrize("words", NO_WORDS.split(","))
def test_what_is_no_word_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="`"):
        deed(words)


@given(st.text(max_size=30), st.lists(st.sampled_from([*VERBS, "probe", "3", "force", "hands", "-"]), max_size=5))
def test_any_words_are_understood_or_refused_with_a_sentence(text: str, words: list[str]) -> None:
    for read in (deed, knob):
        for one in (text, " ".join(words)):
            said = ""
            try:
                read(one)
            except ValueError as error:
                said = str(error)
            assert said == "" or "write" in said or "`rate 0.5`" in said
