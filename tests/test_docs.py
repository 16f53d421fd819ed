"""The documents keep their word: every showctl command in them parses, every relative link leads somewhere."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest

from showctl.__main__ import COMMANDS, Parser
from showctl.config import schema
from showctl.config.load import check
from showctl.fixtures.generic import TYPES

REPOSITORY = Path(__file__).resolve().parent.parent
DOCUMENTS = [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
SHELL_BLOCK = re.compile(r"^```(?:sh|shell|console|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
YAML_BLOCK = re.compile(r"^```yaml\n(showctl: 1\nkind: (\w+)\n.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
TARGET = re.compile(r"^([a-z]+):.*## ", re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """Every showctl command line of the shell blocks, without what stands before it (sudo, a path, a prompt)."""
    found = []
    for block in SHELL_BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            for place, word in enumerate(words[:2]):
                if word.rpartition("/")[2] == "showctl":
                    found.append(words[place + 1 :])
                    break
    return found


def links(text: str) -> list[str]:
    """Relative targets of links and pictures, without the part after #."""
    return [link.partition("#")[0] for link in LINK.findall(text) if not re.match(r"[a-z]+:|#", link)]


def parse(words: list[str]) -> None:
    """Hand a command line to the real parser of its subcommand; SystemExit where it refuses."""
    name, *rest = words
    parser = Parser(prog=f"showctl {name}")
    importlib.import_module(f"showctl.commands.{name}").arguments(parser)
    parser.parse_args(rest)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_commands_parse(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_file", lambda _self: True)  # the files in the examples are the reader's own
    for words in commands(document.read_text()):
        if words and not words[0].startswith("-"):
            assert words[0] in COMMANDS, f"showctl {words[0]}"
            parse(words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(document: Path) -> None:
    missing = [link for link in links(document.read_text()) if not (document.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_make_targets_exist(document: Path) -> None:
    targets = set(TARGET.findall((REPOSITORY / "Makefile").read_text()))
    named = {
        word for block in SHELL_BLOCK.findall(document.read_text()) for word in re.findall(r"^make ([a-z]+)", block, re.MULTILINE)
    }
    assert named <= targets


def test_the_example_of_the_guide_is_without_mistakes(tmp_path: Path) -> None:
    blocks = YAML_BLOCK.findall((REPOSITORY / "docs" / "lighting-engineer.md").read_text())
    assert [kind for _, kind in blocks] == ["venue", "show"]
    paths = [tmp_path / f"{kind}.yaml" for _, kind in blocks]
    for path, (text, _) in zip(paths, blocks, strict=True):
        path.write_text(text)
    assert [str(problem) for problem in check(paths)] == []


def test_what_the_guide_adds_to_its_venue_is_without_mistakes(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs" / "lighting-engineer.md").read_text()
    [(venue, _), (show, _)] = YAML_BLOCK.findall(text)
    added = re.findall(r"^```yaml\n((?:midi|osc):\n.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(added) == 2
    (tmp_path / "venue.yaml").write_text(venue + "".join(added))
    (tmp_path / "show.yaml").write_text(show)
    assert [str(problem) for problem in check([tmp_path / "venue.yaml", tmp_path / "show.yaml"])] == []


def test_the_list_of_keys_is_whole() -> None:
    text = (REPOSITORY / "docs" / "files.md").read_text()
    names = "Venue Safety Strobe Fixture UniverseOut PlaceModel PointModel Midi Mqtt"
    names += " Pa PaConsole PaZoneModel PaMicrophoneModel PaLimits SplLimit PaClimateModel"
    names += " ConsoleTemplate TemplateJson"
    names += " WearableModel GestureModel BindModel"
    names += " Show CueModel EffectModel ListModel SubmasterModel Palettes TrackModel SetEntryModel"
    models = [getattr(schema, name) for name in names.split()]
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    doing_nothing_yet = {"lamps", "rate"}
    assert sorted(key for key in keys - doing_nothing_yet if f"`{key}`" not in text and f"`{key}:" not in text) == []
    assert [name for name in TYPES if f"`{name}`" not in text] == []
    assert [mode for kind in TYPES.values() for mode in kind.modes if f"`{mode}`" not in text] == []


def test_every_rule_of_playback_names_a_test_that_is_there() -> None:
    text = (REPOSITORY / "docs" / "playback.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ") and "proved by" not in line]
    assert len(rows) >= 100
    for rule, proof in rows:
        if proof == "not in this version":
            continue
        path, _, name = proof.strip("`").partition("::")
        assert f"def {name}(" in (REPOSITORY / "tests" / path).read_text(), f"{rule}: {proof}"


def test_the_check_itself_sees_what_is_wrong() -> None:
    text = "```sh\nsudo .venv/bin/showctl doctor --loudly  # a comment\n```\n"
    text += "[here](nowhere.md) [there](https://example.org) [top](#top)\n"
    assert commands(text) == [["doctor", "--loudly"]]
    with pytest.raises(SystemExit):
        parse(commands(text)[0])
    assert links(text) == ["nowhere.md"]


def test_the_readme_has_commands_to_check() -> None:
    assert len(commands((REPOSITORY / "README.md").read_text())) >= 3
