"""The dictionary and its documents: every address in them is understood, and whatever is understood stands in docs/osc.md."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from showctl.config.words import Words
from showctl.model import ControlEvent
from showctl.plan import GesturesPlan, TrackPart, TrackPlan, TracksPlan, Wearable
from showctl.wire import osc_dictionary as module
from showctl.wire.osc import Value, decode, encode
from showctl.wire.osc_answers import ANSWERS
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_commands import COMMANDS as TABLE
from showctl.wire.osc_dictionary import control
from tests.wire.test_osc_dictionary import PLAN

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "osc.md").read_text()
COMMANDS = re.findall(r"`(/showctl/[^`]+)`", DOCUMENT.partition("## Commands\n")[2].partition("\n## ")[0])
NAMES = Words(
    replace(
        PLAN,
        tracks=TracksPlan((TrackPlan("opener", (TrackPart("opener.wav", (0, 1)),), 60.0),), ()),
        gestures=GesturesPlan((Wearable("glove", "plain", "anna", "anna"),)),
    )
)
SAID: dict[str, Value] = {
    "ON": 1,
    "N": "12.5",
    "0..1": 0.5,
    "0..20": 1.0,
    "0.5..2": 1.0,
    "0..60": 4.0,
    "S": 4.0,
    "MS": -20,
    "BARS": 4,
    "STEP": -1,
    "70%": "70%",
    "LIST": "probe",
    "SUB": "front",
    "TRACK": "opener",
    "MARKER": "solo",
    "WHO": "anna",
    "FIXTURE": "par.1",
    "TARGET": "par",
    "WORDS": "par colour blood",
    "WHAT": "par colour",
}
OF_ANSWERS = ("get", "subscribe", "unsubscribe", "heard", "refused", "feedback")  # `remote.osc_replies`, `inputs.osc_routes`


def asked(line: str) -> ControlEvent | Refusal | None:
    """What comes of a line of the document, each word in capitals put for something that is there."""
    address, *words = line.split(" ")
    said = [SAID[word] for word in words]
    for n, one in enumerate(said[1:], 1):  # from S to a later S
        said[n] = one + n if isinstance(one, float) else one
    address = "/".join(str(SAID.get(part, part)) for part in address.split("/"))
    [message] = decode(encode(address, *said))
    return control(message, 1.0, "osc:10.0.0.7", NAMES)


@pytest.mark.parametrize("line", COMMANDS)
def test_what_the_document_says_is_understood(line: str) -> None:
    found = asked(line)
    assert not isinstance(found, Refusal | None), found


def test_what_is_understood_stands_in_the_document() -> None:
    """Each pattern of the dictionary has an address of the document that it fits, and each of its words stands in one."""
    tables = (module.LIST_WORDS, module.TRIGGERS, module.TRACK_TRIGGERS, module.BEAT_TRIGGERS, module.GESTURE_TRIGGERS)
    words = {word for table in (*tables, module.QUANTISED) for word in table}
    tree = ast.parse(Path(module.__file__).read_text())
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name in ("_control", "_of_tracks", "_by_hand"):
            values = (node.value for node in ast.walk(function) if isinstance(node, ast.MatchValue))
            words |= {node.value for node in values if isinstance(node, ast.Constant)}
    documented = {part for line in COMMANDS for part in line.split(" ")[0].split("/")}
    assert words - {""} <= documented
    assert len(words) > 50


def test_the_table_and_the_document_say_the_same() -> None:
    assert sorted(f"/showctl/{line}" for line in TABLE) == sorted(COMMANDS)
    rows = [row.split(" | ") for row in re.findall(r"^\| (`.*)", DOCUMENT.partition("## Asking\n")[2], re.MULTILINE)]
    told = [tuple(cell.strip("` |") for cell in row) for row in rows if len(row) == 3]
    assert told == [(one.path, one.tags, one.text.strip("` |")) for one in ANSWERS]


@pytest.mark.parametrize("word", [*module.LIST_TRIGGERS, "goto N", "rate 0..20"])
def test_what_is_said_of_main_is_said_of_any_list(word: str) -> None:
    assert {f"/showctl/{word}", f"/showctl/list/LIST/{word}"} <= set(COMMANDS)


@pytest.mark.parametrize("word", module.GESTURE_TRIGGERS)
def test_what_is_said_of_all_performers_is_said_of_one(word: str) -> None:
    assert {f"/showctl/gesture/{word}", f"/showctl/gesture/{word} WHO", f"/showctl/gesture/{word}/WHO"} <= set(COMMANDS)


@pytest.mark.parametrize("document", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name)
def test_other_documents_name_addresses_that_there_are(document: Path) -> None:
    known = {line.split(" ")[0] for line in COMMANDS} | {f"/showctl/{one.path}" for one in ANSWERS}
    shapes = [re.compile(re.sub(r"\b[A-Z]{3,}\b", "[^/ ]+", re.escape(one))) for one in known]
    for address in re.findall(r"`(/showctl/[^` .]+)", document.read_text()):
        if address.split("/")[2] in OF_ANSWERS or "*" in address or address == "/showctl/PATH":
            continue
        assert any(shape.fullmatch(address) for shape in shapes), address
