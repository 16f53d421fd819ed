"""Who may import whom, as docs/architecture.md says: a folder is a stage of the signal path, and purity belongs to a folder."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "showctl"
MODULES = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in ROOT.rglob("*.py")}

# What a place may import from showctl besides itself; the longest name that fits a module counts. All may read the version.
NOUNS = {"model", "units", "rotation"}
COMPILED = NOUNS | {"plan"}
OFFLINE = {"measure", "measured", "render", "replay", "compare", "picture"}
EVERYTHING = {name.partition(".")[0] for name in MODULES} - {"commands", "app", *OFFLINE, "__main__"}
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "units": set(),
    "rotation": {"model"},
    "address": set(),
    "model": {"units"},
    "plan": {"model"},
    "clock": set(),
    "rank": set(),
    "supervise": {"model"},
    "child": {"model"},
    "nurse": {"model", "supervise"},
    "writing": {"model"},
    "resume": {"model"},
    "history": set(),
    "changes": COMPILED,
    "loader": {"config", "history", "model", "rank", "wire"},
    "loader_client": COMPILED | {"config.loaded", "wire"},
    "reload": COMPILED | {"changes", "config.loaded", "loader_client", "supervise"},
    "tick": COMPILED | {"clock", "supervise", "waiting"},
    "waiting": {"model"},
    "watched": set(),
    "fixtures": COMPILED,
    "config": COMPILED
    | {
        "fixtures",
        "address",
        "rank",
        "wire.camilla",
        "wire.console_template",
        "wire.midi_map",
        "wire.osc_arguments",
        "wire.osc_dictionary",
        "wire.pipewire",
        "wire.places",
        "wire.qlab",
        "wire.timecode",
        "wire.wearable",
        "wire.x32",
    },
    "wire": COMPILED,
    "analysis": NOUNS,
    "show": COMPILED,
    "sound": NOUNS | {"rank", "watched", "wire", "analysis.room.biquad"},
    "inputs": COMPILED | {"wire", "supervise", "child"},
    "inputs.ear": COMPILED | {"wire", "analysis", "rank", "sound", "child"},
    "inputs.room": COMPILED | {"wire", "analysis.room", "rank", "sound", "child"},
    "outputs": COMPILED | {"wire", "child", "watched"},
    "outputs.pa.process": COMPILED | {"rank", "wire", "sound"},
    "remote": COMPILED | {"wire", "config.schema", "config.words", "supervise", "address"},
    "demo": {"units"},
    "replay": NOUNS | {"wire"},
    "compare": COMPILED | {"wire"},
    "picture": COMPILED | {"compare"},
    "measure": COMPILED | {"analysis.room", "sound"},
    "measured": COMPILED | {"analysis.room", "measure", "sound", "summary"},
    "summary": set(),
    "mapping": NOUNS | {"analysis.hearing", "inputs.wavfile", "rank"},
    "playing": COMPILED | {"mapping", "outputs.external", "outputs.mpv", "outputs.player", "show"},
    "fitting": NOUNS | {"analysis.room", "rank", "wire"},
    "pa": COMPILED | {"inputs.room_client", "inputs.room_log", "inputs.room_past", "outputs.pa", "pa_loop", "pa_kept", "wire"},
    "enrolments": NOUNS | {"analysis.gesture"},
    "performing": COMPILED | {"analysis.gesture", "enrolments", "show.gate", "waiting", "wire"},
    "pa_kept": NOUNS | {"show.eq_bands", "wire.checked"},
    "pa_loop": COMPILED | {"analysis.room", "show", "wire"},
    "render": COMPILED | {"analysis", "show", "inputs.wavfile", "outputs.record", "replay", "wire", "config", "fixtures"},
    "app": EVERYTHING,
    "commands": EVERYTHING | {"app", *OFFLINE},
    "__main__": {"commands"},
}
PURE = {"analysis", "show", "wire", "model", "plan", "units", "rotation"}
IMPURE = {"asyncio", "concurrent", "multiprocessing", "select", "signal", "socket", "subprocess", "threading"}
IMPURE |= {"datetime", "logging", "mmap", "os", "pathlib", "random", "secrets", "shutil", "tempfile", "time"}
SLOW_TO_IMPORT = {"asyncio", "concurrent", "http", "multiprocessing", "ssl", "unittest", "urllib"}  # of the standard library


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, wherever it stands. `from a import b` is a.b where that is a module of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module if node.module and not node.level else "." * node.level
            for alias in node.names:
                ours = f"{base}.{alias.name}".removeprefix("showctl.") in MODULES
                yield node.lineno, f"{base}.{alias.name}" if ours and base.startswith("showctl") else base


def siblings_broken(module: str, tree: ast.AST) -> Iterator[str]:
    """Imports of places that this module must not know."""
    place = max((p for p in MAY_IMPORT if module == p or module.startswith(p + ".")), key=len, default=None)
    if place is None:
        yield f"{module}: a place that docs/architecture.md does not know"
        return
    own = module.partition(".")[0]
    for line, name in imports(tree):
        target = name.removeprefix("showctl.")
        allowed = {own, *MAY_IMPORT[place]}
        if name.startswith("."):
            yield f"{module}:{line}: write the whole name of what is imported"
        elif name.startswith("showctl.") and not any(target == a or target.startswith(a + ".") for a in allowed):
            yield f"{module}:{line}: {place} must not import {target}"
        elif name == "sounddevice" and own != "sound":
            yield f"{module}:{line}: only sound opens audio devices"


def purity_broken(module: str, tree: ast.AST) -> Iterator[str]:
    """What a pure stage must not touch: clocks, files, sockets, threads, logs, and chance that nobody passed in."""
    for line, name in imports(tree):
        if name.partition(".")[0] in IMPURE:
            yield f"{module}:{line}: a pure stage imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"open", "print", "input"}:
            yield f"{module}:{node.lineno}: a pure stage calls {node.func.id}()"
        if not isinstance(node, ast.Attribute):
            continue
        if ast.unparse(node.value) in {"np.random", "numpy.random"} and node.attr != "Generator":
            yield f"{module}:{node.lineno}: chance in a pure stage comes from a Generator that is passed in"
        if node.attr in {"fromfile", "tofile", "memmap", "save", "savez"}:
            yield f"{module}:{node.lineno}: a pure stage touches a file ({node.attr})"


def slow_start(module: str, tree: ast.Module) -> Iterator[str]:
    """Imports at the top of a command that would cost every `--help` their time."""
    top = [node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))]
    names = (pair for node in top if isinstance(node, ast.Import | ast.ImportFrom) for pair in imports(node))
    for line, name in names:
        root = name.partition(".")[0]
        if name in {"showctl", "showctl.address", "showctl.commands"} or name.startswith("showctl.commands."):
            continue
        if root not in sys.stdlib_module_names or root in SLOW_TO_IMPORT:
            yield f"{module}:{line}: import {name} where it is used, inside run()"


def broken(module: str, source: str) -> list[str]:
    """Every rule that a module breaks."""
    tree, own = ast.parse(source), module.partition(".")[0]
    found = list(siblings_broken(module, tree))
    if own in PURE:
        found += purity_broken(module, tree)
    if own == "commands":
        found += slow_start(module, tree)
    return found


@pytest.mark.slow
def test_every_module_keeps_the_rules() -> None:
    found = [line for module, path in MODULES.items() for line in broken(module, path.read_text())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("show.engine", "from showctl.analysis import hearing", "must not import analysis"),
        ("show.engine", "def f():\n    from showctl.analysis.hearing.beat import B", "must not import analysis"),
        ("inputs.osc", "import showctl.outputs.sacn", "must not import outputs"),
        ("remote.web", "from showctl.config.load import load", "must not import config.load"),
        ("config.load", "from showctl import app", "must not import app"),
        ("app", "from showctl.commands import demo", "must not import commands"),
        ("wire.e131", "from . import osc", "whole name"),
        ("sound.ring", "from showctl.analysis.room import grid", "must not import analysis.room"),
        ("elsewhere.part", "", "does not know"),
        ("inputs.ear", "import sounddevice", "only sound"),
        ("show.engine", "import time", "imports time"),
        ("wire.osc", "from pathlib import Path", "imports pathlib"),
        ("analysis.hearing.flux", "def f():\n    import logging", "imports logging"),
        ("show.engine", "x = open('y')", "calls open"),
        ("show.effects", "import numpy as np\nr = np.random.default_rng()", "passed in"),
        ("analysis.hearing.flux", "import numpy as np\nnp.save('x', [1])", "touches a file"),
        ("commands.run", "import numpy", "inside run()"),
        ("commands.run", "from showctl.model import Go", "inside run()"),
    ],
)
def test_a_broken_rule_is_seen(module: str, source: str, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODULES, "config.load", ROOT / "config" / "load.py")
    found = broken(module, source)
    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("show.engine", "import math\nimport numpy as np\nfrom showctl.plan import Plan\nfrom showctl.show.merge import merge"),
        ("inputs.ear", "from showctl.analysis.hearing import analyzer"),
        ("remote.web", "from showctl.config.schema import Venue"),
        ("commands.run", "import argparse\ndef run(args):\n    from showctl import app, __version__"),
        ("outputs.sacn.process", "import time\nimport socket\nfrom showctl.wire import e131"),
    ],
)
def test_what_is_allowed_passes(module: str, source: str) -> None:
    assert broken(module, source) == []


def test_help_imports_nothing_heavy() -> None:
    heavy = ("numpy", "yaml", "pydantic", "aiohttp", "asyncio", "rich", "sounddevice")
    code = (
        "import sys\nfrom showctl.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"sys.exit(' '.join(m for m in {heavy!r} if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT.parent)
    assert done.returncode == 0, done.stderr
