"""A tree against the schema: what is wrong is reported with its place and cut out, so that the rest can be checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from showctl.config import schema, values
from showctl.config.tree import Key, Node, Report, Where

M = TypeVar("M", bound=schema.Header)


def validate(root: Node, model: type[M], report: Report, cut: set[int]) -> M | None:
    """The model of a tree. What is wrong is reported and cut out of the tree until the rest is right; None if nothing is left.

    `cut` gathers id() of the nodes above each cut. Each round cuts out at least one node, so it ends. What is missing only
    because it was cut out is not reported again.
    """
    first = True
    while True:
        try:
            return model.model_validate(root.plain())
        except ValidationError as error:
            cuts: list[Where] = []
            for one in error.errors(include_url=False, include_input=True):
                missing = one["type"] in ("missing", "too_short") or one.get("ctx", {}).get("absent", False)
                if first or not missing:
                    _report(root, model, one, report)
                whole = one.get("ctx", {}).get("whole", False)  # the mistake says nothing certain about its neighbours
                cuts.append(root.find(tuple(one["loc"]))[1] if whole else _way(root, one))
            if () in cuts:
                return None
            cut |= {id(root.find(way[:i])[0]) for way in cuts for i in range(len(way))}
            _remove(root, cuts)
            first = False


def _way(root: Node, error: Any) -> Where:
    """The way to what an error is about (to what misses it, where something is missing), with the key that the error names.

    Steps that pydantic made up are left out.
    """
    key = error.get("ctx", {}).get("key")
    loc: Where = (*error["loc"], key) if key is not None else tuple(error["loc"])
    return root.find(loc)[1]


def _remove(root: Node, ways: Iterable[Where]) -> None:
    doomed: dict[int, tuple[Node, set[Key]]] = {}
    for way in ways:
        above, _ = root.find(way[:-1])
        doomed.setdefault(id(above), (above, set()))[1].add(way[-1])
    for above, keys in doomed.values():
        if isinstance(above.value, dict):
            for key in keys:
                above.value.pop(str(key), None)
        elif isinstance(above.value, list):
            above.value[:] = [node for i, node in enumerate(above.value) if i not in keys]


def _report(root: Node, model: type[BaseModel], error: Any, report: Report) -> None:
    """One error of pydantic as a problem with a place and a sentence."""
    kind, loc = error["type"], tuple(error["loc"])
    way = _way(root, error)
    mark = root.at(*way)
    if kind.startswith("E-"):
        if loc and loc[-1] == "[key]":
            mark = root.key(*way)
        report.error(mark, kind, error["msg"])
    elif kind == "extra_forbidden":
        _unknown_key(root, model, way, report)
    elif kind == "missing":
        report.error(mark, "E-missing-key", f"`{loc[-1]}` is missing{_in(way)}")
    elif kind == "too_short":
        report.error(mark, "E-empty", f"`{_last(way)}` needs at least {error['ctx']['min_length']}: write it, or remove the key")
    elif kind == "too_long":
        report.error(mark, "E-type", f"`{_last(way)}` takes at most {error['ctx']['max_length']}")
    elif error["input"] == "":
        report.error(mark, "E-empty", f"nothing stands under `{_last(way)}`: write its entries, or remove the key")
    elif kind in ("model_type", "dict_type"):
        report.error(mark, "E-type", f"`{_last(way)}` is a mapping: write `key: value` pairs under it")
    elif kind == "list_type":
        report.error(mark, "E-type", f"`{_last(way)}` is a list: write `[ ... ]`, or lines that begin with `- `")
    else:
        report.error(mark, "E-type", f"`{_last(way)}`: {error['msg'].lower()}")


def _unknown_key(root: Node, model: type[BaseModel], way: Where, report: Report) -> None:
    known = _keys(model, way[:-1])
    near = values.did_you_mean(str(way[-1]), known)
    listed = f": there are {', '.join(known)}" if known and not near else ""
    report.error(root.key(*way), "E-unknown-key", f"unknown key `{str(way[-1])[:80]}`{_in(way[:-1])}{near}{listed}")


def _in(way: Where) -> str:
    names = [str(key) for key in way if not isinstance(key, int)]
    return f" in `{'.'.join(names)[:80]}`" if names else ""


def _last(way: Where) -> str:
    return next((str(key) for key in reversed(way) if not isinstance(key, int)), "file")


def _keys(model: Any, way: Where) -> list[str]:
    """The keys that a mapping may have, from the schema."""
    for step in way:
        model = _model(model)
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            model = fields[str(step)].annotation if str(step) in fields else None
        elif get_origin(model) in (dict, list):
            model = get_args(model)[-1]
    model = _model(model)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _model(annotation: Any) -> Any:
    """The mapping or list behind Optional and Annotated."""
    if hasattr(annotation, "__metadata__"):
        return _model(annotation.__origin__)
    for one in get_args(annotation) if get_origin(annotation) not in (dict, list) else ():
        if one is not type(None):
            return _model(one)
    return annotation
