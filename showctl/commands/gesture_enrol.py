"""`showctl gesture enrol`: a performer shows gestures a few times each, and `showctl run` knows them from then on.

The examples come from a live device, or from a file (`--from`). They are audited before anything is kept: each gesture is looked
for in repetitions that its own example was left out of, and in hours of other people's motion; what is confusable is refused.
What is kept is how a person moves, so they are asked first, and the file says when they said yes, and to what.

Takes the port for itself while it listens: a daemon that runs has it, so give the device another port meanwhile.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from showctl.commands.gesture_learn import LARGEST, listener, port_arguments, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from showctl.analysis.gesture.audit import Audit
    from showctl.analysis.gesture.enrolment import Enrolment
    from showctl.enrolments import ConsentTo, Kept
    from showctl.wire.wearable.intake import Wearables

FOUND_WRONG, WRONG = 1, 2
SEED = 6  # of the rehearsal: the same examples give the same enrolment
PERFORMER, GESTURE = re.compile(r"[\w-]{1,64}(\.[\w-]{1,64})?"), re.compile(r"[\w-]{1,64}")
FEWEST, MOST = 1, 10  # examples of a gesture
SILENT_S = 20.0  # without a word from any device
STEP_S = 0.02
COMMAND = "enrol"
WHAT_IS_KEPT = """\
What is kept of {who}, in {path}:
  templates   how {who} makes these gestures, scaled and averaged, and what a recogniser learned of it
  motion      the same, and the recordings of the examples, so that a gesture can be added without showing the others again
That is how a person moves. It never leaves this machine; `showctl privacy export` shows it, `showctl privacy erase` ends it."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("performer", metavar="PERFORMER", help="as the venue file has it; anna.left for one of two devices")
    parser.add_argument("gestures", metavar="GESTURE", nargs="*", help="what is shown; with --from only these are taken")
    parser.add_argument("--examples", type=int, default=3, metavar="N", help="how often each is shown (3; 5 are better)")
    parser.add_argument("--from", dest="file", type=Path, metavar="FILE.csv", help="instead: gesture,rep,ax,ay,az,gx,gy,gz")
    parser.add_argument("--rate", type=float, metavar="HZ", help="samples a second of --from and --null")
    parser.add_argument(
        "--null", type=Path, nargs="+", action="extend", default=[], metavar="FILE.csv", help="own motion without gestures"
    )
    parser.add_argument("--replace", action="store_true", help="gestures of before that are not shown again are forgotten")
    parser.add_argument("--consent", choices=("templates", "motion"), help="what the performer has said may be kept")
    parser.add_argument("--state", type=Path, metavar="DIR", help="the state folder of `showctl run`")
    parser.add_argument("--venue", type=Path, metavar="VENUE.yaml", help="its devices: who wears which, and its own profiles")
    parser.add_argument("--device", metavar="NAME", help="which of several that send, where there is no --venue")
    port_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Enrol; 0, 1 where the gestures are refused or nothing may be kept, 2 for wrong use, 69 without a port."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small: a pool of threads would only cost
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if said := _wrong_use(args):
        return wrong(COMMAND, said)
    from showctl import enrolments
    from showctl.commands.run import state_folder
    from showctl.model import ConfigError

    state = state_folder(args.state, "showctl")
    try:
        to = args.consent or _asked(state, args.performer)
        if to is None:
            print("Nothing is kept: there was no yes to it", file=sys.stderr)
            return FOUND_WRONG
        before = _before(state, args.performer)
        shown = _shown(args, before)
        if isinstance(shown, int):
            return shown
        profile, examples = shown
        enrolment = _enrolled(args, examples)
        print(*told(enrolment.audit), sep="\n")
        if enrolment.audit.refused:
            print("Nothing was kept: change what is refused, and enrol again", file=sys.stderr)
            return FOUND_WRONG
        kept = _kept(args.performer, enrolment, to, profile, examples)
        print(f"{args.performer} is enrolled: {enrolments.save(state, kept)}; a daemon that runs takes it up by itself")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return WRONG
    except (ValueError, OSError) as error:
        return wrong(COMMAND, str(error))
    except KeyboardInterrupt:
        print("\nNothing was kept", file=sys.stderr)
        return FOUND_WRONG
    return 0


def _wrong_use(args: argparse.Namespace) -> str:
    """What is wrong with the words of the command; empty if nothing is."""
    if not PERFORMER.fullmatch(args.performer):
        return f"{args.performer!r} is no name: letters, digits, - and _, and behind a point where it is worn"
    for name in args.gestures:
        if not GESTURE.fullmatch(name):
            return f"{name!r} is no name of a gesture: letters, digits, - and _"
    if len(set(args.gestures)) < len(args.gestures):
        return "a gesture is named twice"
    if args.file is None and not args.gestures:
        return "which gestures? Name them behind the performer, or give examples with --from FILE.csv"
    if not FEWEST <= args.examples <= MOST:
        return f"--examples is {FEWEST} to {MOST}"
    if args.rate is None and (args.file is not None or args.null):
        return "--rate HZ says how many samples a second the files have"
    if args.consent is None and not sys.stdin.isatty():
        return "--consent templates|motion: what the performer has said may be kept; without a terminal nobody can be asked"
    return ""


# --- what is shown -------------------------------------------------------------------------------------------------


def _before(state: Path, name: str) -> Kept | None:
    """What was enrolled before. What cannot be read any more is enrolled anew, with a word of it."""
    from showctl import enrolments

    try:
        return enrolments.load(state, name)
    except ValueError as error:
        print(f"showctl gesture enrol: {error}; it is replaced", file=sys.stderr)
        return None


def _shown(args: argparse.Namespace, before: Kept | None) -> tuple[str, list[tuple[str, Any]]] | int:
    """Profile of the device and (gesture, motion) of each example, those of before with them; or an exit code."""
    if args.file is not None:
        examples = _of_file(args)
        others = _others(before, {name for name, _ in examples}, args.replace)
        return "" if before is None else before.profile, others + examples
    others = _others(before, set(args.gestures), args.replace)
    live = _live(args)
    return live if isinstance(live, int) else (live[0], others + live[1])


def _others(before: Kept | None, fresh: set[str], replace: bool) -> list[tuple[str, Any]]:
    """The recordings of before that are not shown anew. ValueError where gestures would be lost, since theirs were not kept."""
    if before is None or replace:
        return []
    others = [(name, one) for name, one in before.recordings if name not in fresh]
    lost = sorted(set(before.enrolment.gestures) - fresh - {name for name, _ in others})
    if lost:
        said = f"{', '.join(lost)}: enrolled before, and the recordings were not kept"
        raise ValueError(f"{said}: show them again together with these, or write --replace to forget them")
    return others


def _of_file(args: argparse.Namespace) -> list[tuple[str, Any]]:
    import numpy as np

    from showctl.analysis.gesture.corpus import has_gravity
    from showctl.commands.gesture_files import FASTEST, SLOWEST, examples, resampled

    if not SLOWEST <= args.rate <= FASTEST:
        raise ValueError(f"--rate {args.rate:g}: {SLOWEST:g} to {FASTEST:g} samples a second can be used")
    found = [(name, resampled(one, args.rate)) for name, one in examples(args.file) if not args.gestures or name in args.gestures]
    if missing := sorted(set(args.gestures) - {name for name, _ in found}):
        raise ValueError(f"{args.file}: there is no example of {', '.join(missing)} in it")
    for name, _ in found:
        if not GESTURE.fullmatch(name):
            raise ValueError(f"{args.file}: {name!r} is no name of a gesture: letters, digits, - and _")
    if not has_gravity(np.concatenate([one for _, one in found])):
        raise ValueError(f"{args.file}: its acceleration is without gravity, and wearables are listened to with it: at rest 1 g")
    return found


def _live(args: argparse.Namespace) -> tuple[str, list[tuple[str, Any]]] | int:
    """Profile and examples from a device that sends; or an exit code."""
    intake, device = _intake(args)
    opened = listener(args, COMMAND)
    if isinstance(opened, int):
        return opened
    with opened:
        host, port = opened.getsockname()[:2]
        print(f"listens on {host}:{port}; switch the device on", flush=True)
        return Session(args.gestures, args.examples, intake, device, args.allow).run(opened)


def _intake(args: argparse.Namespace) -> tuple[Wearables, str]:
    """Who is listened to, and which of them it is; empty: the only one that sends."""
    from showctl.wire.wearable.intake import Wearables

    if args.venue is None:
        return Wearables(), args.device or ""
    from showctl.config.load import load_venue
    from showctl.config.wearables import profiles_of
    from showctl.performing.worn import Worn
    from showctl.plan import Wearable

    venue = load_venue(args.venue)
    every = [Wearable(n, w.profile, w.address, w.performer, w.worn or "", w.clutch) for n, w in venue.wearables.items()]
    performer, _, worn = args.performer.partition(".")
    mine = [one for one in every if one.performer == performer and worn in ("", one.worn)]
    if len(mine) != 1:
        names = ", ".join(f"{performer}.{one.worn}" for one in mine)
        known = ", ".join(dict.fromkeys(one.performer for one in every)) or "nobody"
        raise ValueError(
            f"{performer} wears more than one device: say which, {names}"
            if mine
            else f"{args.venue}: {args.performer} wears nothing there; {known} does"
        )
    return Worn(mine, profiles_of(venue)), mine[0].name


class Session:
    """Listens to a device until all is shown."""

    def __init__(
        self,
        gestures: Sequence[str],
        examples: int,
        intake: Wearables,
        device: str = "",
        allow: Sequence[str] = (),
        say: Callable[[str], None] = lambda line: print(line, flush=True),
    ) -> None:
        from showctl.performing.showing import Showing

        self.showing = Showing(gestures, examples)
        self._intake, self._device, self._say = intake, device, say
        self._allowed = [ipaddress.ip_network(one, strict=False) for one in allow]
        self._streams: dict[str, Any] = {}
        self._samples: dict[str, int] = {}

    def run(self, opened: socket.socket) -> tuple[str, list[tuple[str, Any]]] | int:
        """Profile and examples; 1 where nothing came. ValueError where what comes is of no use."""
        opened.settimeout(STEP_S)
        heard = time.monotonic()
        while not self.showing.done:
            now = time.monotonic()
            try:
                data, peer = opened.recvfrom(LARGEST)
            except TimeoutError:
                self.step(now)
            else:
                heard = now if self.hear(data, peer[0], peer[1], now) else heard
            if now - heard > SILENT_S:
                print(f"showctl gesture enrol: nothing came for {SILENT_S:g} s: does it send to this port?", file=sys.stderr)
                return FOUND_WRONG
        return self.profile, self.showing.examples

    @property
    def profile(self) -> str:
        """Of the device that is listened to."""
        return next((one.profile.name for one in self._intake.devices()), "")

    def hear(self, data: bytes, host: str, port: int, now: float) -> bool:
        """One packet; whether it was of a device."""
        from showctl.model import WireError
        from showctl.wire.osc import decode
        from showctl.wire.places import joined

        address = ipaddress.ip_address(host.partition("%")[0])
        if not address.is_loopback and not any(address in network for network in self._allowed):
            return False
        try:
            messages = decode(data)
        except WireError:
            return False
        readings = [one for message in messages for one in self._intake.take(message, joined(host, port), now)]
        for one in readings:
            self._fed(one.device, self._stream(one.device).feed(one))
        return bool(readings)

    def step(self, now: float) -> None:
        """Nothing came for a moment."""
        for device, stream in self._streams.items():
            self._fed(device, stream.advance(now))

    def _stream(self, device: str) -> Any:
        from showctl.analysis.gesture.stream import MotionStream

        if device not in self._streams:
            self._streams[device] = MotionStream(device)
        return self._streams[device]

    def _fed(self, device: str, samples: list[Any]) -> None:
        if not samples:
            return
        self._samples[device] = self._samples.get(device, 0) + len(samples)
        if self._chosen() != device:
            return
        for sample in samples:
            if sample.rate[0] != sample.rate[0]:
                raise ValueError(f"{device} sends no rate of turning: switch on its gyroscope, or its quaternion")
            for line in self.showing.feed(sample):
                self._say(line)

    def _chosen(self) -> str:
        """The device that is listened to. ValueError where several move, and none was named."""
        if self._device:
            return self._device
        moving = [one for one, count in self._samples.items() if count > 1 / STEP_S]
        if len(moving) > 1:
            raise ValueError(f"several devices send: {', '.join(moving)}; say which with --device NAME, or give --venue")
        return moving[0] if moving else ""


# --- what comes of it ----------------------------------------------------------------------------------------------


def _enrolled(args: argparse.Namespace, examples: list[tuple[str, Any]]) -> Enrolment:
    import numpy as np

    from showctl.analysis.gesture.enrolment import enrolled
    from showctl.commands.gesture_files import bridged, motion, null_for, resampled

    more = [resampled(bridged(motion(path)), args.rate) for path in args.null]
    print("learns, and holds it against other people's motion ...", file=sys.stderr, flush=True)
    return enrolled(examples, null_for(examples, more), np.random.default_rng(SEED))


def told(audit: Audit) -> list[str]:
    """The audit as lines for the performer."""
    wide = max(len(one.gesture) for one in audit.gestures)
    lines = []
    for one in audit.gestures:
        wrong = f"   taken for {one.taken_for} {100 * one.wrong:.0f} %" if one.wrong > 0 else ""
        found, false = f"{100 * one.recall:3.0f} %", f"{one.false_per_hour:.2f}"
        lines.append(f"{one.gesture:<{wide}}  found in {found} of repetitions{wrong}   false {false} an hour")
    low, high = audit.interval
    lines.append(
        f"false triggers while armed: about {audit.false_per_hour:.2f} an hour ({low:.2f} to {high:.2f}), "
        f"by {audit.tail.hours:.1f} hours of other people's motion; none while the clutch is open"
    )
    return lines + [f"refused: {words}" for words in audit.refused]


def _asked(state: Path, name: str) -> ConsentTo | None:
    """What the performer says at the terminal; None: no."""
    from showctl import enrolments

    print(WHAT_IS_KEPT.format(who=name, path=enrolments.path_of(state, name)))
    try:
        said = input("What may be kept? [templates/motion/no] ").strip().lower()
    except EOFError:
        return None
    if said == "templates":
        return "templates"
    return "motion" if said == "motion" else None


def _kept(name: str, enrolment: Enrolment, to: ConsentTo, profile: str, examples: list[tuple[str, Any]]) -> Kept:
    from showctl.enrolments import Consent, Kept

    consent = Consent(to, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    return Kept(name, enrolment, consent, profile, tuple(examples) if to == "motion" else ())
