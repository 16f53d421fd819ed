"""The gate between what performers do and the show: what comes of a gesture, and whether anything may.

    gate       one step: everything below, in the order in which it counts; step: what reaches it, and what comes of it
    doing      what is meant by what performers do
    fingers    buttons, screens and postures: what is down, since when, and what was just pressed
    presence   which devices are heard, and when each was lost last
    arming     windows and the clutch: since when a performer is armed, and by what
    factors    how dangerous something is now, and the second factor that it needs
    asks       what has been asked for and waits for that
    waiting    what was asked for and waits for the beat
    holding    what lasts as long as it is held
    repeats    what was done a moment ago
    faders     motion as levels
    telling    what is told of all that, to the journal and to performers; view: how they stand
    live       what may be done in a cue, for who reads a show

Nothing is armed unless something says so, and what arms (a clutch that is pressed, a window that opens) has a time: it counts for
a device only if it came after the device was lost last, and after the last stop. So whatever was lost has to be armed anew, and
after a restart, which knows of no such time, nobody is armed. Stop is looked at before everything else.
"""

from showctl.show.gate.gate import Gate
from showctl.show.gate.step import GateInputs, GateStep

__all__ = ["Gate", "GateInputs", "GateStep"]
