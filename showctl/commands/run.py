"""`showctl run`: the daemon in the foreground, for a terminal and for systemd alike.

Everything that can be wrong before the first light is told here in one line, with what to do. In a terminal a show with
mistakes is refused (78); under a service manager the last good one is played and the mistakes are on the page.
"""

from __future__ import annotations

import argparse
import hashlib
import ipaddress
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from showctl.address import is_loopback

if TYPE_CHECKING:
    from showctl.app import Options
    from showctl.config.loaded import Loaded
    from showctl.loader_client import Loader
    from showctl.model import Problem

MISSING, CANNOT_RUN = 69, 78
LONGEST_RUNTIME = 80  # characters: the address of a Unix socket has room for 107


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `run` takes."""
    parser.add_argument("venue", metavar="VENUE.yaml", type=Path, help="what hangs where in this room")
    parser.add_argument("show", metavar="CUES.yaml", type=Path, help="what happens")
    parser.add_argument("--audio", type=audio, metavar="WHAT", help="file:PATH, device:NAME or none (else what the venue says)")
    live_arguments(parser)
    parser.add_argument("--sacn", type=sacn, metavar="IP|multicast|off", help="send there instead of where the venue says")


def live_arguments(parser: argparse.ArgumentParser) -> None:
    """What `run` and `demo` both take."""
    parser.add_argument("--http", type=host_port, metavar="HOST:PORT", help="where the page is (127.0.0.1:8080)")
    parser.add_argument("--osc", type=host_port, metavar="HOST:PORT", help="where OSC is listened to (127.0.0.1:8000)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="where the standing of the show is kept")
    parser.add_argument("--seconds", type=seconds, metavar="N", help="stop by itself after so long")


def run(args: argparse.Namespace) -> int:
    """Load the files and live."""
    service = "NOTIFY_SOCKET" in os.environ
    start_log(service)
    state = state_folder(args.state, "showctl")
    from showctl.loader_client import Loader
    from showctl.model import DeviceError

    loader = Loader(args.venue, args.show, state / "history", watch=True)
    try:
        loader.start()
        from showctl import app  # noqa: F401  the other core reads the files while this one imports

        loaded = load(loader, args.venue, args.show, state / "history", service)
        if loaded is None:
            return CANNOT_RUN
        return _run(args, state, service, loader, *loaded)
    except DeviceError as error:
        print(f"showctl: {error}", file=sys.stderr)
        return MISSING
    finally:
        loader.close()


def _run(
    args: argparse.Namespace, state: Path, service: bool, loader: Loader, good: Loaded, problems: tuple[Problem, ...]
) -> int:
    from showctl.app import Options

    venue = good.venue
    options = Options(
        audio=args.audio or (f"device:{venue.audio.input}" if venue.audio.input else "none"),
        http=args.http or host_port(venue.web.listen or "127.0.0.1:8080"),
        osc=args.osc or host_port(venue.osc.listen or "127.0.0.1:8000"),
        sacn=args.sacn,
        state=state,
        runtime=runtime_folder(state),
        seconds=args.seconds,
        service=service,
    )
    wrong = open_doors(good, options)
    if wrong:
        print(f"showctl run: {wrong}", file=sys.stderr)
        return CANNOT_RUN
    return live(good, options, problems, announce, loader)


def announce(address: str) -> None:
    """Say where the page is, and what to press there."""
    if address:
        print(f"showctl: the page is at {address}  GO there fires the next cue  (Ctrl-C stops)", flush=True)


def live(
    loaded: Loaded,
    options: Options,
    problems: tuple[Problem, ...],
    on_ready: Callable[[str], None],
    loader: Loader | None = None,
) -> int:
    """Run the daemon; what keeps it from beginning is one line and an exit code."""
    from showctl import app
    from showctl.model import DeviceError
    from showctl.outputs.sacn.client import DaemonRunning

    try:
        options.state.mkdir(parents=True, exist_ok=True)
        options.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        return app.run(loaded, options, on_ready, problems, loader)
    except DaemonRunning as error:
        print(f"showctl: {error}", file=sys.stderr)
        return 1
    except DeviceError as error:
        print(f"showctl: {error}", file=sys.stderr)
        return MISSING
    except OSError as error:
        if error.filename is None:
            raise
        print(f"showctl: {error.filename}: {error.strerror}; choose another folder with --state", file=sys.stderr)
        return CANNOT_RUN


def load(loader: Loader, venue: Path, show: Path, kept: Path, service: bool) -> tuple[Loaded, tuple[Problem, ...]] | None:
    """The files as a plan, with the mistakes that were stepped over; None if nothing can be run (it has been said).

    Raises DeviceError where the process that reads cannot be had.
    """
    from showctl import history

    answer = loader.first()
    for problem in answer.problems:
        print(problem, file=sys.stderr)
    if answer.loaded is not None:
        loader.ask(do="keep", name=answer.version, time=time.time(), changed="the start")
        return answer.loaded, ()
    newest = history.versions(kept)[:1] if service else []
    if not newest:
        count = sum(one.severity == "error" for one in answer.problems)
        print(f"showctl: {count} error{'s' * (count != 1)}: nothing is run (try: showctl check {venue} {show})", file=sys.stderr)
        return None
    before = loader.first(venue=str(newest[0].venue), show=str(newest[0].show))
    if before.loaded is None:  # kept by an older showctl, or damaged since
        print(*before.problems, sep="\n", file=sys.stderr)
        print(f"showctl: the last good show in {newest[0].folder} cannot be played either: nothing is run", file=sys.stderr)
        return None
    logging.getLogger("showctl").error("the files have errors: the last good show is played")
    return before.loaded, answer.problems


def open_doors(loaded: Loaded, options: Options) -> str:
    """What is wrong with a listener beyond this machine, in words; empty if nothing is."""
    venue = loaded.venue
    if options.http and not is_loopback(options.http[0]) and not venue.web.tokens:
        return f"the page at {options.http[0]} is open to the network: put web: {{tokens: ...}} in the venue, or use 127.0.0.1"
    if options.osc and not is_loopback(options.osc[0]) and not venue.osc.allow:
        return (
            f"OSC at {options.osc[0]} is open to the network: put osc: {{allow: [NETWORK]}} into the venue file, or use 127.0.0.1"
        )
    return ""


def start_log(service: bool) -> None:
    """Lines to standard error: with the time of day in a terminal, bare for the journal."""
    from showctl.supervise import LogQueue

    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(logging.Formatter("%(message)s" if service else "%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[LogQueue(lines)])
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def state_folder(given: Path | None, name: str) -> Path:
    """Where the standing of the show lives: --state, or systemd's, or the user's state folder."""
    if given is not None:
        return given
    if "STATE_DIRECTORY" in os.environ:
        return Path(os.environ["STATE_DIRECTORY"].split(":")[0])
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / name


def runtime_folder(state: Path) -> Path:
    """Where daemon and output meet: systemd's runtime folder, or beside the state, so that two shows do not meet by accident."""
    if "RUNTIME_DIRECTORY" in os.environ:
        return Path(os.environ["RUNTIME_DIRECTORY"].split(":")[0])
    beside = (state / "run").resolve()
    if len(str(beside)) <= LONGEST_RUNTIME:
        return beside
    name = hashlib.sha256(str(beside).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"showctl-{os.getuid()}-{name}"


# --- values of options: argparse prints the ValueError's text ---------------------------------------------------------


def host_port(text: str) -> tuple[str, int]:
    """HOST:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or len(port) > 5 or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT with a port of 0..65535 (write 127.0.0.1:8080)")
    return host.strip("[]") or "127.0.0.1", int(port)


def seconds(text: str) -> float:
    """A length of time above zero."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0 (write --seconds 30)")
    return value


def sacn(text: str) -> str:
    """An IPv4 address, multicast or off."""
    if text in ("multicast", "off"):
        return text
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no IPv4 address (write 127.0.0.1, multicast or off)") from None
    if address.is_multicast or text == "255.255.255.255":
        raise argparse.ArgumentTypeError(f"{text} is not the address of a receiver (for multicast write --sacn multicast)")
    return text


def audio(text: str) -> str:
    """file:PATH (which must be there), device:NAME or none."""
    kind, colon, rest = text.partition(":")
    if text == "none" or (kind == "device" and rest.strip()):
        return text
    if kind == "file" and rest:
        if not Path(rest).is_file():
            raise argparse.ArgumentTypeError(f"there is no file {rest!r}; check the path after file:")
        return text
    guess = f"; did you mean file:{text}?" if not colon and Path(text).exists() else ""
    raise argparse.ArgumentTypeError(f"{text!r} is not file:PATH, device:NAME or none{guess}")
