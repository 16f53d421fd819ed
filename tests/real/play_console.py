"""The fake console on a port, as a program of its own: a console that can be switched off.

python -m tests.real.play_console

It rounds to its steps, as a real one does. Prints `port N`.
"""

import asyncio
import time

from tests.fakes.x32 import FakeConsole, Served


async def main():
    served = Served(FakeConsole(rounds=True), time.monotonic)
    print(f"port {await served.open()}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
