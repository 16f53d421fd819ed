"""What is wrong with programme and microphones, in words that say what to do. The first of several is what holds the loop."""

from __future__ import annotations

from collections.abc import Sequence

from showctl.analysis.room.place import Is, Stand
from showctl.plan import PaMicrophone
from showctl.sound.meter import Condition

AIR_S = 0.001  # s: sound through the air takes longer, from the nearest loudspeaker too
STAYS = "or, if it is to stay so, `showctl room relearn`"


def of_input(name: str, condition: Condition, plays: bool) -> str:
    """What a microphone's input alone shows; empty where it is well. `plays` is whether the programme does."""
    if condition is Condition.ZERO:
        return f"microphone {name} is dead, there is digital silence: look at its cable, its phantom power, its input"
    if condition is Condition.CLIPS:
        return f"microphone {name} clips: turn its gain down"
    if plays and condition is Condition.QUIET:
        return f"microphone {name} hears nothing while the programme plays: look at its cable, its phantom power, its gain"
    return ""


def deaf(microphone: PaMicrophone) -> str:
    """It has not known anything of the programme for long."""
    return (
        f"microphone {microphone.name} does not hear the programme: is it plugged into input {microphone.channel}, does the PA "
        "play, is the programme on the right inputs?"
    )


def early(names: Sequence[str], arrivals: Sequence[float | None]) -> list[str]:
    """That the programme arrives sooner than through the air. `arrivals` in s, None where it is not known."""
    known = [(at, name) for at, name in zip(arrivals, names, strict=True) if at is not None]
    said = [
        f"microphone {name} has the programme {1000 * at:.1f} ms after it is sent, sooner than any sound through the air: is a "
        "line in its input?"
        for at, name in known
        if abs(at) < AIR_S
    ]
    before = [(at, name) for at, name in known if at <= -AIR_S]
    if before:
        at, first = min(before)
        # A microphone in the programme's input makes all others early that are farther away from the PA than it.
        whose = first if len(known) == len(names) else "of a microphone"
        what = f"microphone {first} has the programme {-1000 * at:.1f} ms before it is sent"
        said.append(f"{what}: the inputs of the programme and {whose} look swapped: put the cables back")
    return said


def displaced(names: Sequence[str], stands: Sequence[Stand]) -> list[str]:
    """Which microphones are not where they were, or not as they were."""
    return [text for i, stand in enumerate(stands) if (text := _displaced(names, stands, i, stand))]


def _displaced(names: Sequence[str], stands: Sequence[Stand], i: int, stand: Stand) -> str:
    name = names[i]
    if stand.kind is Is.TAKEN:
        other = names[stand.other]
        both = stands[stand.other] == Stand(Is.TAKEN, i)
        if both and stand.other < i:
            return ""  # has been said
        and_back = f", and {other} what {name} heard" if both else ""
        what = f"microphones {name} and {other} look swapped: {name} hears now what {other} heard{and_back}"
        return f"{what}: put the cables back, {STAYS}"
    if stand.kind is Is.ELSEWHERE:
        what = "hears the PA as from another place than before: was it moved, or a loudspeaker near it muted?"
    elif stand.kind is Is.TURNED:
        what = "hears all turned round (polarity): is it another cable, or another microphone?"
    elif stand.kind is Is.GAIN:
        way = "louder" if stand.by > 0 else "softer"
        what = (
            f"is {abs(stand.by):.0f} dB {way} than it was beside the others: was its gain changed? Its levels are wrong by that."
        )
    else:
        return ""
    return f"microphone {name} {what} Put it back, {STAYS}"
