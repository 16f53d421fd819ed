"""The process that hears the room: programme and microphones in, what the room does to it out, once a second.

    python -m showctl.inputs.room SETUP FD

SETUP is JSON (`wire.room`), FD one end of a socket pair (SOCK_SEQPACKET). As the ear it has a session of its own, ends when the
daemon's end of the socket is gone, and becomes a fresh process where a sound card went away.

The daemon tells which bands the PA plays through. The programme is played through the same bands here, unheard, before it is
compared with the microphones: so the responses are those of the room WITHOUT equaliser, and a band that moves changes nothing in
them. Were the bands taken off afterwards, what was heard over the last minute and what is set now would not belong together, and
a loop over both would swing. The programme therefore has to be taken before the PA's equaliser.

Calibration files are taken out here. Responses carry the time of their newest sound on CLOCK_MONOTONIC.
"""
