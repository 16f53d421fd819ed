"""One value changes, and every other byte of the file stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.surgery import Text
from showctl.config.tree import Report, parse
from showctl.config.values import Bad


def put(text: str, way: str, value: str) -> str:
    file = Text(text)
    file.put(tuple(way.split("/")), value)
    return file.text


@pytest.mark.parametrize(
    ("before", "way", "value", "after"),
    [
        ("a: 1\nb: {c: 2}  # two\n", "b/c", "3", "a: 1\nb: {c: 3}  # two\n"),
        ("a: '1' # why\n", "a", '"#ff0000"', 'a: "#ff0000" # why\n'),
        ("b: {c: 2, d: 4}\n", "b/e", "5", "b: {c: 2, d: 4, e: 5}\n"),
        ("b: { c: 2 } # x\n", "b/e", "5", "b: { c: 2, e: 5 } # x\n"),
        ("b: {c: {d: 1}}\n", "b/e", "{f: 1}", "b: {c: {d: 1}, e: {f: 1}}\n"),
        ("b: {}\n", "b/e", "5", "b: {e: 5}\n"),
        ("b: {\n  c: 2, # c\n  d: 4 # d\n}\n", "b/e", "5", "b: {\n  c: 2, # c\n  d: 4, # d\n  e: 5\n}\n"),
        ("b: {\n  c: 2 }\n", "b/e", "5", "b: {\n  c: 2, e: 5 }\n"),
        ("b: {\n  c: 2, # x\n}\n", "b/e", "5", "b: {\n  c: 2, # x\n  e: 5,\n}\n"),
        ("b: {\n  c: 2,\n}\n", "b/e", "5", "b: {\n  c: 2,\n  e: 5,\n}\n"),
        ("b:\n  c: 2 # two\n\n  # three\nd: 4\n", "b/e", "5", "b:\n  c: 2 # two\n  e: 5\n\n  # three\nd: 4\n"),
        ("b:\n    c:\n      d: 1\n      # last\nz: 1", "b/e", "5", "b:\n    c:\n      d: 1\n    e: 5\n      # last\nz: 1"),
        ("b:\n  c: 2", "b/e", "5", "b:\n  c: 2\n  e: 5"),
        ("b:\r\n  c: 2 # x\r\nd: 1\r\n", "b/e", "5", "b:\r\n  c: 2 # x\r\n  e: 5\r\nd: 1\r\n"),
        ("b: {red: 1, blue: 2} # x\n", "b", '"#010203"', 'b: "#010203" # x\n'),
        ("ä: 'ö' # ü\n日: {c: 2}\n", "日/c", "3", "ä: 'ö' # ü\n日: {c: 3}\n"),
        ("- 1\n", "b", "1", None),
        ("b: &x 1\nc: *x\n", "c", "2", None),
        ("b: &x 1\nc: *x\n", "b", "2", None),
        ("b: &x {d: 1}\nc: *x\n", "c/d", "2", None),
        ("b: >\n  long\n  text\nc: 1\n", "b", "2", None),
        ("b:\n  c: 1\n", "b", "2", None),
        ("b: [1]\n", "b/c", "2", None),
        ("b:\n", "b/c", "2", None),
        ("a: 1\n", "b/c", "2", None),
    ],
)
def test_a_value_is_put_in_the_style_of_its_neighbours(before: str, way: str, value: str, after: str | None) -> None:
    if after is not None:
        assert put(before, way, value) == after
        return
    with pytest.raises(Bad) as bad:
        put(before, way, value)
    assert bad.value.code == "E-write"


WORD = st.text("abcdefgxyzäß-_", min_size=1, max_size=6)
COMMENT = st.sampled_from(["", " # why", "  #:{}[]&*", " # ünï"])
SCALAR = st.sampled_from(["1", "70%", "'#ff0000'", '"a b"', "-20deg", "full", "x # no", "1/2 beat"]).map(
    lambda s: s.split(" #")[0]
)


@st.composite
def mapping(draw: st.DrawFn, depth: int, indent: str) -> str:
    """Lines of a block mapping with comments and blank lines, some of its values in braces."""
    lines = []
    for key in draw(st.lists(WORD, min_size=1, max_size=3, unique=True)):
        kind = draw(st.integers(0, 2)) if depth else 0
        gap = draw(st.sampled_from([" ", "  "]))
        if kind == 0:
            lines.append(f"{indent}{key}:{gap}{draw(SCALAR)}{draw(COMMENT)}\n")
        elif kind == 1:
            inner = ", ".join(f"{k}: {draw(SCALAR)}" for k in draw(st.lists(WORD, min_size=1, max_size=3, unique=True)))
            pad = draw(st.sampled_from(["", " "]))
            lines.append(f"{indent}{key}:{gap}{{{pad}{inner}{pad}}}{draw(COMMENT)}\n")
        else:
            lines.append(f"{indent}{key}:{draw(COMMENT)}\n{draw(mapping(depth - 1, indent + '  '))}")
        lines.append(draw(st.sampled_from(["", "\n", f"{indent}# note\n", "# far left\n"])))
    return "".join(lines)


def ways(value: object, way: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [way]
    return [way, *(found for key, below in value.items() for found in ways(below, (*way, key)))]


@given(mapping(2, ""), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data())
def test_nothing_but_the_value_changes(text: str, newline: str, ends: bool, data: st.DataObject) -> None:
    text = text.replace("\n", newline) if ends else text.replace("\n", newline).rstrip()
    tree = parse(text.encode(), "f", Report())
    assert tree is not None
    plain = tree.plain()
    way = data.draw(st.sampled_from(ways(plain)))
    above = plain
    for key in way[:-1]:
        above = above[key]
    if not way or isinstance(above[way[-1]], dict):  # a mapping: something is added to it
        here = above[way[-1]] if way else plain
        way = (*way, "new")
        here["new"] = "33%"
    else:
        above[way[-1]] = "33%"
    file = Text(text)
    file.put(way, "33%")
    after = parse(file.text.encode(), "f", Report())
    assert after is not None
    assert after.plain() == plain
    start = next((i for i, (a, b) in enumerate(zip(text, file.text, strict=False)) if a != b), min(len(text), len(file.text)))
    tail = 0
    while tail < min(len(text), len(file.text)) - start and text[-1 - tail] == file.text[-1 - tail]:
        tail += 1
    changed = file.text[start : len(file.text) - tail]
    assert changed in "33%" or "new: 33%" in changed or changed in f"'33%'{newline}  new: 33%, "
    assert len(text) - tail - start <= 12  # no more than the scalar that stood there
