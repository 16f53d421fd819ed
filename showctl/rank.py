"""Who goes first where a machine has more to do than it can do at once: the nice values of our processes, and of their threads.

A GO is worth ten milliseconds; in a terminal, beside a browser and whatever else runs there, a daemon of the usual rank waits
for its turn that long before it so much as reads the packet. So whoever is waited for goes first: the daemon, and what hears
and plays. The unit file grants the daemon the same rank (`Nice=` in systemd/showctl.service). No real-time policy: a loop of
ours that spins would starve the machine, and that only the output may have, which sleeps between its frames.

Ranks are absolute. A process begins with that of whoever started it, and what takes its time must not compete with the daemon
only because the daemon had it started. To load its modules takes it half a second and more: it gives way before that, and what is
to go first itself loads them at the usual rank, where it may come back.

Within a process the interpreter belongs to one thread at a time, and one that works is asked to let go of it after SWITCH_S:
a tick, a packet or the callback of a sound card waits no longer than that for what is being written to disk beside it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys

FIRST = -10  # is waited for by hands, ears or light
USUAL = 0  # somebody waits for its answer, but not within a frame
LATER = 5  # reads files
LAST = 10  # works for minutes
SWITCH_S = 0.0005


def go_first() -> None:
    """Be served before programs that can wait. Before any thread begins: they have the rank of whoever starts them."""
    sys.setswitchinterval(SWITCH_S)
    with contextlib.suppress(OSError):  # a user may not, unless the service manager allows it; then it runs as others do
        os.setpriority(os.PRIO_PROCESS, 0, FIRST)


def come_up() -> None:
    """Leave the machine to the daemon while modules are loaded, until `go_first`. Only where that will be allowed: who could not
    come back to the rank that he was started with keeps it."""
    limit = resource.getrlimit(resource.RLIMIT_NICE)[0]
    if limit == resource.RLIM_INFINITY or limit >= 20 - FIRST or _may_any():
        give_way(USUAL)


def _may_any() -> bool:
    """Is this a process that may have any rank, limit or not?"""
    was = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, min(was, FIRST) - 1)
    except OSError:
        return False
    os.setpriority(os.PRIO_PROCESS, 0, was)
    return True


def give_way(rank: int) -> None:
    """Leave the machine to those of a better rank; who was started with a worse one keeps that."""
    with contextlib.suppress(OSError):  # a sandbox that forbids it: then it competes, which is worse and still right
        was = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, max(rank, was))
