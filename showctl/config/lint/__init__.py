"""What is allowed word by word and wrong as a whole: cues out of order, loops without an end, lights that swing as they come up,
what nobody uses, what the room lacks. Everything here looks at compiled values and reports; nothing is changed.

    names    what is needed, unused, or called so that other programs misread it
    room     the patch and the universes
    numbers  the order of cues, links, and times that cannot be
    walk     the look from cue to cue, followed once through each list
    gestures how many are live at once, two bindings on one
    flash    effects that are a strobe, and cycles that no music has

A good show is quiet here. Where a rule would speak of what many good shows do on purpose, it waits until it is sure; what it
waits for stands with the rule, and every code is explained in docs/codes.md.
"""

from showctl.config.lint.flash import multiples
from showctl.config.lint.gestures import gestures, unused_gestures
from showctl.config.lint.names import misread, needs, unused, unused_groups
from showctl.config.lint.numbers import numbers
from showctl.config.lint.room import room
from showctl.config.lint.walk import Places, Walk

__all__ = [
    "Places",
    "Walk",
    "gestures",
    "misread",
    "multiples",
    "needs",
    "numbers",
    "room",
    "unused",
    "unused_gestures",
    "unused_groups",
]
