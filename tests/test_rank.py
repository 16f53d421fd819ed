"""Who goes first: absolute ranks, which no process has from whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from showctl import rank

ASKS = "import os, sys; from showctl import rank; {do}; print(os.getpriority(os.PRIO_PROCESS, 0), sys.getswitchinterval())"


def began(nice: int, do: str) -> tuple[int, float]:
    """The rank of a process that was started at `nice` and did that, and how long (s) its threads keep the interpreter."""
    command = [sys.executable, "-c", ASKS.format(do=do)]
    here = os.getpriority(os.PRIO_PROCESS, 0)
    said = subprocess.run(["nice", "-n", str(nice - here), *command], check=True, capture_output=True, text=True).stdout.split()
    return int(said[0]), float(said[1])


def may_go_first() -> bool:
    """May a process of this user have a better rank than it has?"""
    return began(15, "rank.go_first()")[0] == rank.FIRST


@pytest.mark.skipif(os.getpriority(os.PRIO_PROCESS, 0) > rank.LATER, reason="whoever runs this gave it a worse rank")
def test_what_works_for_a_while_gives_way_and_nobody_is_helped_by_it() -> None:
    assert began(rank.LATER, "rank.give_way(rank.LAST)")[0] == rank.LAST
    assert began(15, "rank.give_way(rank.LATER)")[0] == 15


@pytest.mark.skipif(not may_go_first(), reason="this user may not have a better rank")
def test_the_rank_does_not_come_from_whoever_started_it() -> None:
    assert began(rank.FIRST, "rank.give_way(rank.LATER)")[0] == rank.LATER
    assert began(rank.LAST, "rank.go_first()")[0] == rank.FIRST


def test_where_no_better_rank_is_allowed_threads_give_way_all_the_same() -> None:
    assert began(15, "rank.go_first()")[1] == pytest.approx(rank.SWITCH_S)


@pytest.mark.skipif(not may_go_first(), reason="this user may not have a better rank")
def test_what_is_to_go_first_loads_at_the_usual_rank_and_comes_back() -> None:
    assert began(rank.FIRST, "rank.come_up()")[0] == rank.USUAL
    assert began(rank.FIRST, "rank.come_up(); rank.go_first()")[0] == rank.FIRST


@pytest.mark.skipif(os.getuid() != 0 or not may_go_first(), reason="only root can give away what he may")
def test_who_could_not_come_back_keeps_his_rank_unless_a_limit_lets_him() -> None:
    stranger = "os.setuid(65534)"
    assert began(rank.FIRST, f"{stranger}; rank.come_up()")[0] == rank.FIRST
    for limit, its in ((20 - rank.FIRST, rank.USUAL), (19 - rank.FIRST, rank.FIRST), (-1, rank.USUAL)):
        limited = f"rank.resource.getrlimit = lambda _: ({limit}, {limit})"  # a container may forbid to raise it
        assert began(rank.FIRST, f"{limited}; {stranger}; rank.come_up()")[0] == its


FIRST_LOAD = """
import os, runpy, sys

def look(event, names):
    if event == "import" and names[0].partition(".")[0] in ("numpy", "scipy", "yaml", "pydantic"):
        os.write(1, str(os.getpriority(os.PRIO_PROCESS, 0)).encode())
        os._exit(0)

sys.addaudithook(look)
runpy.run_module("{module}", run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(not may_go_first(), reason="this user may not have a better rank")
@pytest.mark.parametrize(
    ("module", "its"),
    [
        ("showctl.fitting", rank.USUAL),
        ("showctl.config.writeback", rank.USUAL),
        ("showctl.loader", rank.LATER),
        ("showctl.mapping", rank.LAST),
        ("showctl.inputs.ear", rank.USUAL),
        ("showctl.inputs.room", rank.USUAL),
        ("showctl.sound.player.process", rank.USUAL),
    ],
)
def test_what_works_for_a_while_gives_way_before_it_loads_what_is_large(module: str, its: int) -> None:
    here = os.getpriority(os.PRIO_PROCESS, 0)
    command = ["nice", "-n", str(rank.FIRST - here), sys.executable, "-c", FIRST_LOAD.format(module=module)]
    assert int(subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout) == its
