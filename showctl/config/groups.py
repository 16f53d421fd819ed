"""The groups of a venue: made of fixtures, parts of them and other groups, in whatever order they are written."""

from __future__ import annotations

from collections.abc import Iterable

from showctl.config import schema, values
from showctl.config.names import SIGN, Element, Names, Selection, once
from showctl.config.tree import Node, Report


def name_groups(venue: schema.Venue, root: Node, names: Names, report: Report) -> set[str]:
    """Put `all` and every group into `names`, whose fixtures are there; -> the groups that groups are made of."""
    apart = {name for name, f in venue.fixtures.items() if f.exempt}
    names.everything = [u for name, units in names.families.items() if name not in apart for u in units]
    used = set[str]()
    pending = dict(venue.groups)
    for name in list(pending):
        if name in names.families or name == "all":
            what = "every fixture" if name == "all" else f"a fixture in line {root.key('fixtures', name).line}"
            report.error(root.key("groups", name), "E-name-twice", f"`{name}` is already the name of {what}: choose another")
            del pending[name]
    while pending:
        ready = [n for n, items in pending.items() if not _needed(items) & pending.keys()]
        inside = {} if ready else {name: _inside(name, pending) for name in pending}
        for name in ready or [n for n in inside if n in inside[n]]:
            if not ready:
                around = ", ".join(f"`{n}`" for n in sorted(inside[name]) if name in inside[n])
                report.error(root.key("groups", name), "E-cyclic-group", f"`{name}` contains itself, by way of {around}")
            names.groups[name] = _group(name, pending.pop(name), root, names, report, used, known=bool(ready))
    return used


def _needed(items: Iterable[str]) -> set[str]:
    return {term.strip().split(".")[0] for item in items for term in SIGN.split(item)[::2]}


def _inside(name: str, pending: dict[str, list[str]]) -> set[str]:
    """The groups that this one is made of, through however many others."""
    found, new = set[str](), {name}
    while new:
        new = {other for one in new for other in _needed(pending[one]) & pending.keys()} - found
        found |= new
    return found


def _group(name: str, items: list[str], root: Node, names: Names, report: Report, used: set[str], known: bool) -> Selection:
    elements: dict[Element, None] = {}
    sure = known
    for i, item in enumerate(items if known else ()):
        try:
            found = names.select(item)
        except values.Bad as bad:
            report.error(root.at("groups", name, i), bad.code, str(bad))
            sure = False
        else:
            elements.update(dict.fromkeys(found.elements))
            sure &= found.sure
            used |= found.groups
    if sure and not elements:
        report.error(root.key("groups", name), "E-empty-group", f"`{name}` is empty: name a fixture in it, or remove it")
        sure = False
    return Selection(once(elements), (1, 0), sure)
