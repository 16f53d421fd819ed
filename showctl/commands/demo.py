"""`showctl demo`: the daemon on the built-in venue, show and song. Needs no hardware, no network, no PortAudio."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import webbrowser
from pathlib import Path

from showctl.address import is_loopback
from showctl.commands.run import CANNOT_RUN, MISSING, live, live_arguments, runtime_folder, sacn, start_log, state_folder

FOLDER = Path(__file__).parent.parent / "demo"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `demo` takes."""
    live_arguments(parser)
    parser.add_argument(
        "--sacn", type=sacn, default="127.0.0.1", metavar="IP|multicast|off", help="where the light goes (127.0.0.1)"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")


def run(args: argparse.Namespace) -> int:
    """Load the built-in files and live."""
    start_log(service=False)
    http, osc = args.http or ("127.0.0.1", 8080), args.osc or ("127.0.0.1", 8000)
    for option, (host, _) in (("--http", http), ("--osc", osc)):
        if not is_loopback(host):
            print(
                f"showctl demo: {option} {host} is open to the network, and the demo has no token: use 127.0.0.1", file=sys.stderr
            )
            return CANNOT_RUN
    from showctl.app import Options
    from showctl.loader_client import Loader
    from showctl.model import DeviceError

    state = state_folder(args.state, "showctl-demo")
    options = Options(
        audio="song:1",
        http=http,
        osc=osc,
        sacn=args.sacn,
        state=state,
        runtime=runtime_folder(state),
        seconds=args.seconds,
        heard=True,
        begin=True,
        on_stop="terminate",
        orphan=60.0,
    )
    loader = Loader(FOLDER / "venue.yaml", FOLDER / "show.yaml", state / "history", watch=False)
    try:
        loaded = loader.first().loaded
    except DeviceError as error:
        print(f"showctl demo: {error}", file=sys.stderr)
        return MISSING
    finally:
        loader.close()  # nobody edits what is built in
    assert loaded is not None
    return live(loaded, options, (), lambda address: announce(address, not args.no_browser))


def announce(address: str, browser: bool) -> None:
    """Say where the page is, and open it where there is a screen."""
    print(f"showctl: the stage is at {address}  (Ctrl-C stops)", flush=True)
    if browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
