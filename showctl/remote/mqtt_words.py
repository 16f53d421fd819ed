"""What MQTT may ask of the show: commands below TOPIC, each as the message of OSC that says the same.

TOPIC/go  back  pause  resume  release  exit   payload: nothing, or the name of a cue list
TOPIC/goto  rate                           payload: a number, or the name of a list and a number: "probe 2"
TOPIC/stop  tap                            payload: nothing
TOPIC/beat/half  double  downbeat  earlier  later  free   payload: nothing;   TOPIC/beat/nudge MS   TOPIC/beat/lock 1|0
TOPIC/blackout 0|1   TOPIC/gm 0..1   TOPIC/house 0..1   TOPIC/sub/NAME 0..1   TOPIC/flash/NAME 1|0
TOPIC/track/play  pause  resume  stop  next  previous  exit   payload: nothing; of play also the name of a track
TOPIC/track/next/beat  next/bar            payload: nothing
TOPIC/track/jump  jump/beat  jump/bar      payload: the name of a marker
TOPIC/track/seek S   TOPIC/track/fade S   TOPIC/track/loop S S   TOPIC/track/loop/bars N   TOPIC/track/volume 0..1
TOPIC/track/rate 0.5..2
TOPIC/gesture/arm  disarm  confirm  zero   payload: nothing for everybody, or the name of a performer
TOPIC/set  park                            payload: words, "wash colour blood"
TOPIC/release/hands  unpark                payload: nothing for all, or "wash", "wash colour"
TOPIC/identify/FIXTURE 1|0   TOPIC/check 1|-1|0
"""

from __future__ import annotations

import re

from showctl.wire.osc import Message, Value
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import LIST_TRIGGERS

SAID = ("set", "park", "unpark", "release/hands")  # what takes words
WORDS = (
    *LIST_TRIGGERS,
    "goto",
    "rate",
    "stop",
    "tap",
    "beat/+",
    "blackout",
    "gm",
    "house",
    "sub/+",
    "flash/+",
    "identify/+",
    "check",
    "gesture/+",
    "track/+",
    "track/+/+",
    *SAID,
)
LONGEST = 200  # bytes of a payload that can mean anything


def request(word: str, payload: bytes) -> Message | Refusal:
    """A command below TOPIC, as the message of OSC that says the same."""
    if len(payload) > LONGEST:
        return Refusal.TYPE
    try:
        said = payload.decode().strip()
    except UnicodeDecodeError:
        return Refusal.TYPE
    if word in SAID:
        return Message(f"/showctl/{word}", (said,), "s") if said else Message(f"/showctl/{word}")
    if not said.isascii() and not word.startswith("track/"):
        return Refusal.TYPE
    text = said.split()
    if word in LIST_TRIGGERS:
        if len(text) > 1:
            return Refusal.LIST
        return Message(f"/showctl/list/{text[0] if text else 'main'}/{word}")
    if word in ("goto", "rate"):
        if len(text) not in (1, 2):
            return Refusal.MISSING if not text else Refusal.TYPE
        name = text[0] if len(text) == 2 else "main"
        number = text[-1] if word == "goto" else _number(text[-1])
        return Message(f"/showctl/list/{name}/{word}", (number,), "f" if isinstance(number, float) else "s")
    arguments: tuple[Value, ...] = tuple(map(_number, text))
    return Message(f"/showctl/{word}", arguments, "".join("f" if isinstance(a, float) else "s" for a in arguments))


def _number(text: str) -> float | str:
    """A number as people write it; text otherwise, which no command takes."""
    return float(text) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{0,9})?", text) else text


def topic_word(name: str) -> str:
    """A name as one level of a topic: what MQTT or a shell would take amiss becomes a dash."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "venue"
