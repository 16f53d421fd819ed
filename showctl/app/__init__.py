"""The live driver: builds the parts from venue and show, and runs them in one TaskGroup. Nothing imports it but the commands.

Start: the output is adopted or started, the engine is built and takes up where a crash left it, the ports are opened, and
only then the service manager hears READY. Stop: whoever asked (a signal, --seconds), the parts are cancelled, the standing of
the show is kept, and the light does what the venue's `on_stop` says.

`daemon` builds all of it and is to be read first; `night` is what the parts share. The others are a part or a few of one kind:
`doors` and `hearing` bring the world in, `light` takes the looks out, `room` is the PA, `songs` are the tracks, `versions` puts
another show in place,
`keeper` and `recorder` write to disk, `telling` to the log.
"""

from __future__ import annotations

from showctl.app.daemon import run
from showctl.app.options import Options

__all__ = ["Options", "run"]
