"""docs/codes.md keeps its word: every code of the program is in it, has a test, and its example gives it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from showctl.config.load import check

REPOSITORY = Path(__file__).resolve().parent.parent
CODE = re.compile(r'"([EW]-[a-z0-9]+(?:-[a-z0-9]+)*)"')
TEXT = (REPOSITORY / "docs" / "codes.md").read_text(encoding="utf-8")
HEADING = re.compile(r"^### `([EW]-[a-z0-9-]+)`\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^```yaml (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = dict(HEADING.findall(TEXT))
ROOM = EXAMPLE.findall(TEXT)[0][1]
# What no file of a few lines can show: it comes from the disk, from hands, from a running show, or needs a fixture file.
NO_EXAMPLE = {
    *("E-directory", "E-unreadable", "E-encoding", "E-character", "E-too-big", "E-too-deep", "E-too-many-files"),
    *(
        "E-two-of-a-kind",
        "E-format",
        "E-words",
        "E-write",
        "E-fixture-file",
        "E-lit",
        "W-switching",
        "W-danger",
        "E-danger",
        "E-too-many-gestures",
        "W-wheel-colour",
        "W-channels",
        "W-player",
        "W-same-card",
        "W-not-checked",
    ),
}


def emitted() -> set[str]:
    return {code for path in (REPOSITORY / "showctl").rglob("*.py") for code in CODE.findall(path.read_text(encoding="utf-8"))}


def test_every_code_has_its_page_and_no_page_is_of_the_past() -> None:
    assert sorted(emitted() - PAGES.keys()) == []
    assert sorted(PAGES.keys() - emitted()) == []
    assert len(PAGES) == len(HEADING.findall(TEXT))


def test_every_code_is_tested() -> None:
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests").rglob("*.py") if path != Path(__file__).resolve()
    )
    assert sorted(code for code in emitted() if code not in tests) == []


def test_every_page_says_what_to_do_and_shows_it() -> None:
    assert sorted(code for code, page in PAGES.items() if len(EXAMPLE.sub("", page).split()) < 5) == []
    assert {code for code, page in PAGES.items() if not EXAMPLE.search(page)} == NO_EXAMPLE & PAGES.keys()


EXAMPLES = [(code, kind, text) for code, page in PAGES.items() for kind, text in EXAMPLE.findall(page)]


@pytest.mark.parametrize(("code", "kind", "text"), EXAMPLES, ids=[code for code, _, _ in EXAMPLES])
def test_each_example_gives_its_code(code: str, kind: str, text: str, tmp_path: Path) -> None:
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    venue.write_text("showctl: 1\nkind: venue\n" + (text if kind == "venue" else ROOM), encoding="utf-8")
    show.write_text(text if kind == "file" else "showctl: 1\nkind: show\n" + (text if kind == "show" else "name: none\n"))
    assert code in {problem.code for problem in check([venue, show])}


def test_the_room_of_the_examples_is_right(tmp_path: Path) -> None:
    (tmp_path / "venue.yaml").write_text("showctl: 1\nkind: venue\n" + ROOM, encoding="utf-8")
    assert check([tmp_path / "venue.yaml"]) == []
