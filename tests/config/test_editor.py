"""The JSON Schema for editors: made of our models, true of our files, and against what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from showctl.__main__ import main
from showctl.config import schema, values
from showctl.config.described import KEYS
from showctl.config.editor import SCALARS, json_schema, parser
from tests.config.json_schema import CHECKS, IGNORED, faults

REPOSITORY = Path(__file__).resolve().parents[2]
YAML_BLOCK = re.compile(r"^```yaml\n(showctl: 1\nkind: .*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = [*REPOSITORY.glob("cues/*.yaml"), *REPOSITORY.glob("venues/*.yaml"), *REPOSITORY.glob("showctl/demo/*.yaml")]


class Yaml12(yaml.BaseLoader):
    """Scalars as an editor reads them: truths, numbers and text."""


Yaml12.yaml_implicit_resolvers = {}
Yaml12.add_implicit_resolver("!bool", re.compile("(true|false)$"), list("tf"))
Yaml12.add_implicit_resolver("!num", re.compile(r"[-+]?([0-9]+|[0-9]*\.[0-9]+|[0-9]+\.[0-9]*)$"), list("-+.0123456789"))
Yaml12.add_constructor("!bool", lambda _loader, node: node.value == "true")
Yaml12.add_constructor("!num", lambda _loader, node: float(node.value) if "." in node.value else int(node.value))


def found(text: str) -> list[str]:
    """What an editor marks in a file."""
    tree = yaml.load(text, Loader=Yaml12)
    whole = json_schema(tree["kind"])
    return faults(json.loads(json.dumps(tree)), whole, whole)


def models() -> list[type[BaseModel]]:
    every = [one for one in vars(schema).values() if isinstance(one, type) and issubclass(one, schema.Model)]
    return [one for one in every if one is not schema.Model]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_our_own_files_are_right(path: Path) -> None:
    assert found(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted((REPOSITORY / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_examples_of_the_documents_are_right(path: Path) -> None:
    for block in YAML_BLOCK.findall(path.read_text(encoding="utf-8")) if path.name != "codes.md" else ():
        assert found(block) == []


VENUE, SHOW = "showctl: 1\nkind: venue\n", "showctl: 1\nkind: show\n"


@pytest.mark.parametrize(
    "text",
    [
        VENUE + "fixturs: {}\n",
        VENUE + "fixtures: {a: {type: generic/rgb}}\n",
        VENUE + "fixtures: {a: {type: generic/rgb, at: 1.5}}\n",
        VENUE + "fixtures: {a: {type: generic/rgb, at: [1/1, 7]}}\n",
        VENUE + "universes: {1: {priority: 201}}\n",
        VENUE + "safety: {strobe: {flashes: 0}}\n",
        VENUE + "safety: {strobe: 'on'}\n",
        VENUE + "web: {listen: everywhere}\n",
        SHOW + "cues: [{cue: 1, in: 2}]\n",
        SHOW + "cues: [{cue: 0}]\n",
        SHOW + "cues: [{name: none}]\n",
        SHOW + "cues: [{cue: 1, when: section dorp}]\n",
        SHOW + "cues: [{cue: 1, cue_only: yes}]\n",
        SHOW + "cues: [{cue: 1, set: {wash: [a]}}]\n",
        SHOW + "effects: {a: {param: red, swing: 0.6}}\n",
        SHOW + "effects: {a: {param: red, every: 2}}\n",
        SHOW + "palettes: {intensity: {half: 50}}\n",
        "showctl: 2\nkind: show\n",
    ],
)
def test_what_is_wrong_is_marked(text: str) -> None:
    assert len(found(text)) >= 1


def test_every_key_is_explained() -> None:
    keys = {
        f"{model.__name__}.{field.alias or name}"
        for model in models()
        for name, field in model.model_fields.items()
        if name in model.__annotations__
    }
    assert sorted(keys - KEYS.keys()) == []
    assert sorted(KEYS.keys() - keys) == []


def parsers() -> dict[str, Any]:
    """Every parser of a scalar in the models, by name."""

    def within(annotation: Any) -> list[Any]:
        own = [parser(tuple(getattr(annotation, "__metadata__", ())))]
        return own + [one for arg in getattr(annotation, "__args__", ()) for one in within(arg)]

    fields = [field for model in models() for field in model.model_fields.values()]
    every = [one for f in fields for one in (parser(tuple(f.metadata)), *within(f.annotation)) if one is not None]
    return {one.__name__: one for one in every if "<locals>" not in one.__qualname__}


def test_every_parser_is_described() -> None:
    assert parsers().keys() - {"truth"} == {name for name in SCALARS if name not in {"truth"}}


PATTERNS = sorted(name for name, one in SCALARS.items() if "pattern" in one)


@pytest.mark.parametrize("name", PATTERNS)
def test_examples_of_a_pattern_are_read(name: str) -> None:
    for example in SCALARS[name].get("examples", ["a"]):
        assert re.search(SCALARS[name]["pattern"], example)
        parsers()[name](example)


@given(st.sampled_from(PATTERNS), st.data())
def test_what_is_read_is_not_marked(name: str, data: st.DataObject) -> None:
    text = data.draw(
        st.from_regex(SCALARS[name]["pattern"], fullmatch=True) | st.text("0123456789./%smbeatrdegKHzfulo -", max_size=9)
    )
    try:
        parsers()[name](text)
    except values.Bad:
        return
    assert re.search(SCALARS[name]["pattern"], text)


def keywords(one: Any) -> set[str]:
    if isinstance(one, list):
        return {word for item in one for word in keywords(item)}
    if not isinstance(one, dict):
        return set()
    own = set(one) - {"$defs", "properties", "examples", "enum"}
    below = [*one.get("$defs", {}).values(), *one.get("properties", {}).values(), *(one[k] for k in own)]
    return own | {word for item in below for word in keywords(item)}


@pytest.mark.parametrize("kind", ["venue", "show"])
def test_the_command_prints_it(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", kind]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json_schema(kind)
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert keywords(printed) <= CHECKS.keys() | IGNORED


def test_the_command_writes_it_and_says_how_an_editor_finds_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "show.schema.json"
    assert main(["schema", "show", "--out", str(path)]) == 0
    assert json.loads(path.read_text()) == json_schema("show")
    assert capsys.readouterr().out == f"# yaml-language-server: $schema={path}\n"
    assert main(["schema", "show", "--out", str(tmp_path)]) == 1
