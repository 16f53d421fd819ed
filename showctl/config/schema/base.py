"""What all of the schema is made of: a scalar for each kind of value, a mapping with known keys, and what a cue or look sets."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from showctl.config import values
from showctl.plan import Span


def typed(parse: Callable[[str], Any]) -> Any:
    """A field whose text `parse` turns into a value."""

    def validate(value: Any) -> Any:
        if not isinstance(value, str):
            raise PydanticCustomError("E-type", "one value was expected here, not a {kind}", {"kind": _kind(value)})
        try:
            return parse(value)
        except values.Bad as bad:
            raise PydanticCustomError(bad.code, "{text}", {"text": str(bad)}) from None

    validate.parse = parse  # type: ignore[attr-defined]  # `editor` describes the field by it
    return PlainValidator(validate)


def _kind(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else "list"


def one_or_more(value: Any) -> Any:
    """`at: 1/1` is `at: [1/1]`."""
    return [value] if isinstance(value, str) else value


def clash(
    key: str, text: str, code: Literal["E-clash", "E-range", "E-unit"] = "E-clash", *, absent: bool = False
) -> PydanticCustomError:
    """What a validator of a whole mapping raises about one of its keys. `absent`: something is missing, which is said at that
    key; where it was cut out for its own mistakes, nothing more is said."""
    return PydanticCustomError(code, "{text}", {"text": text, "key": key, "absent": absent})


def _written(text: str) -> str:
    if not text:
        raise values.Bad("E-empty", "a name is missing here")
    return text


def _hang(text: str) -> Span:
    return values.time(text, negative=True)


Name: TypeAlias = Annotated[str, typed(values.name)]
Label: TypeAlias = Annotated[str, typed(values.label)]
Text: TypeAlias = Annotated[str, typed(_written)]
Time: TypeAlias = Annotated[Span, typed(values.time)]
Hang: TypeAlias = Annotated[Span, typed(_hang)]
Seconds: TypeAlias = Annotated[float, typed(values.seconds)]
Level: TypeAlias = Annotated[float, typed(values.level)]
Rate: TypeAlias = Annotated[float, typed(values.rate)]
Angle: TypeAlias = Annotated[float, typed(values.angle)]
Metres: TypeAlias = Annotated[float, typed(values.metres)]
Truth: TypeAlias = Annotated[bool, typed(values.truth)]
Address: TypeAlias = Annotated[tuple[int, int], typed(values.address)]
Code: TypeAlias = Annotated[values.Code, typed(values.code)]
CueNumber: TypeAlias = Annotated[Decimal, typed(values.cue_number)]
UniverseNumber: TypeAlias = Annotated[int, typed(values.universe)]
Listener: TypeAlias = Annotated[str, typed(values.listener)]  # "HOST:PORT"
Networks: TypeAlias = Annotated[list[Annotated[str, typed(values.network)]], Field(default_factory=list)]

SECTIONS = ("silence", "steady", "build", "drop", "break")
SectionName: TypeAlias = Annotated[str, typed(values.choice(*SECTIONS))]


class Model(BaseModel):
    """A mapping of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, arbitrary_types_allowed=True)


class Header(Model):
    showctl: Literal["1"]
    include: list[Text] = Field(default_factory=list)


def _short(value: Any) -> Any:
    """`wash: sunrise` is `wash: {preset: sunrise}`."""
    return {"preset": value} if isinstance(value, str) and value else value


Setting: TypeAlias = dict[str, Any]  # parameter or category -> text; typed when its fixture is known
Targets: TypeAlias = dict[str, Annotated[Setting, BeforeValidator(_short)]]
