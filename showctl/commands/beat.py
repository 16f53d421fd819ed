"""`showctl beat half`: help the running show with its beat, over its own HTTP door, in the words of the page and of OSC.

It is for scripts, and for who has only a terminal; who stands at the desk taps, or presses the buttons of the page. Without a
word it says how the beat is: how fast, by whose word, and all that hands and cues have made of what is heard.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from showctl.commands import door
from showctl.commands.set import post

TAP, NUDGE = "tap", "nudge"
DEEDS = {
    TAP: "the beat is now; twice and more also say how fast",
    "half": "half as fast as it is heard",
    "double": "twice as fast",
    "earlier": "10 ms earlier than it is heard",
    "later": "10 ms later",
    NUDGE: "later by so many ms (earlier below 0): nudge -25",
    "downbeat": "a bar begins now",
    "lock": "it runs on by itself as it is",
    "unlock": "it follows what is heard again",
    "free": "the ear alone: nothing of all this counts any more",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `beat` takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"  {word:<10}{what}" for word, what in DEEDS.items())
    parser.add_argument("do", choices=tuple(DEEDS), nargs="?", metavar="WORD", help="one of those below; none: how the beat is")
    parser.add_argument("ms", nargs="?", type=float, metavar="MS", help="of a nudge")
    door.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Send it, or say how it is; 0 if the daemon takes it, 1 if it says why not, 2 for wrong use, 69 if nobody answers."""
    if (args.do == NUDGE) != (args.ms is not None):
        print("showctl beat: write by how many ms: `showctl beat nudge -25`; only a nudge takes a number", file=sys.stderr)
        return 2
    if args.do is None:
        code, said, text = door.ask(args.to, args.token, "/api/state")
        print(f"showctl beat: {text}" if text else _words(said.get("beat")), file=sys.stderr if text else sys.stdout)
        return code
    asked: dict[str, Any] = {"type": TAP} if args.do == TAP else {"type": "beat", "do": args.do}
    code, text = post(args.to, args.token, asked | ({} if args.ms is None else {"ms": args.ms}))
    if text:
        print(f"showctl beat: {text}", file=sys.stderr)
    return code


def _words(beat: dict[str, Any] | None) -> str:
    """How it is, from what the page is told of it."""
    if beat is None:
        return "nothing is played yet"
    source = {"ear": "as it is heard", "tap": "as it was tapped", "lock": "locked"}.get(str(beat.get("source")))
    if source is None:
        return f"no beat is heard; the tempo stands at {beat['bpm']:.1f} bpm"
    words = [f"{beat['bpm']:.1f} bpm, {source}"]
    if beat["source"] == "ear":
        words[0] += f", {beat['confidence']:.0%} sure"
    if not beat["flashes"]:
        words.append("lost: nothing flashes")
    words.append(f"{beat['beats_per_bar']} beats a bar{', from where you said' if beat['downbeat'] else ''}")
    if octaves := beat["octaves"] + beat["folded"]:
        words.append(f"{2.0**octaves:g} times what is heard")
    if beat["tempo"]:
        words.append(f"the cue says {beat['tempo'][0]:g}-{beat['tempo'][1]:g} bpm")
    if beat["nudge_ms"]:
        words.append(f"{abs(beat['nudge_ms']):g} ms {'later' if beat['nudge_ms'] > 0 else 'earlier'} than heard")
    if beat["early_ms"]:
        words.append(f"light leaves {abs(beat['early_ms']):g} ms {'early' if beat['early_ms'] > 0 else 'late'}")
    return "; ".join(words)
