"""A process of our own that listens for the daemon: begun with its end of a socket, ended by the daemon's end going away.

It is a session of its own (Ctrl-C reaches only the daemon), and its matrices are small: a pool of threads would only cost.
Between them lies a SOCK_SEQPACKET: a message in, a message out.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from showctl.model import DeviceError

END_S = 1.0  # for each way of ending it
BATCH = 100  # messages in one wake-up of the loop, at most, where nobody says otherwise


async def begin(what: str, module: str, words: Sequence[str], theirs: socket.socket) -> asyncio.subprocess.Process:
    """`python -m module words...`, which inherits `theirs`. DeviceError, about `what`, where it cannot be started."""
    try:
        return await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", module, *words],
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
    except OSError as error:
        raise DeviceError(f"{what} cannot be started: {error}") from error


async def end(process: asyncio.subprocess.Process) -> None:
    """It has been told by its socket; if it does not listen, by signals."""
    for by in (None, signal.SIGTERM, signal.SIGKILL):
        if by is not None:
            with suppress(ProcessLookupError):
                process.send_signal(by)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_S)
            return


def messages(source: socket.socket, most: int, batch: int = BATCH) -> Iterator[bytes]:
    """What waits to be read, in order, `batch` at most, of `most` bytes each; the last is empty where the other end is gone."""
    for _ in range(batch):
        try:
            data = source.recv(most)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        yield data
        if not data:
            return


def wake(drain: Callable[[], bool], ended: asyncio.Future[None]) -> None:
    """One wake-up of the loop: `drain` reads, and is False where the other end is gone. What our own mistakes raise ends who
    waits for `ended`, rather than the loop logging each of them."""
    try:
        alive = drain()
    except Exception as error:
        if not ended.done():
            ended.set_exception(error)
    else:
        if not alive and not ended.done():
            ended.set_result(None)
