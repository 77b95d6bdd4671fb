"""Tables of a training file into frozen dataclasses: every entry known, and of the kind it should be."""

from __future__ import annotations

import dataclasses
import math
import sys
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..core.errors import TrainingConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Section = TypeVar("Section")


def read_table(path: Path, changes: Sequence[str] = ()) -> dict[str, Any]:
    """A TOML file's entries.

    Args:
        changes: Made after reading, ``NAME=VALUE``: ``steps=20``, ``rewards.alpha=100``,
            ``stages.0.steps=5``. A value that is no TOML is a text.

    Raises:
        TrainingConfigError: It cannot be read, or is no TOML; a change does not say what to change.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingConfigError(f"{path}: {error}") from error
    for change in changes:
        _change(table, change)
    return table


def _change(table: dict[str, Any], change: str) -> None:
    name, equals, text = change.partition("=")
    *above, last = (part.strip() for part in name.split("."))
    if not equals or not last or not all(above):
        raise TrainingConfigError(f"{change!r} is no change of the form NAME=VALUE")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    holder: Any = table
    for part in above:
        if isinstance(holder, list) and part.isdigit() and int(part) < len(holder):
            holder = holder[int(part)]
        else:
            holder = holder.setdefault(part, {}) if isinstance(holder, dict) else None
    if not isinstance(holder, dict):
        raise TrainingConfigError(f"{change!r} changes no entry of a table")
    holder[last] = value


def section(kind: type[Section], entries: Any, prefix: str, **made: Any) -> Section:
    """A dataclass from a table, each entry of the kind that its annotation says."""
    if not isinstance(entries, dict):
        raise TrainingConfigError(f"{prefix.rstrip('.')} must be a table")
    kinds = typing.get_type_hints(kind)
    values = dict(made)
    for name, value in entries.items():
        if name not in kinds or name in made:
            raise TrainingConfigError(f"unknown entry {prefix + name!r}")
        values[name] = _value(prefix + name, value, kinds[name])
    for one in dataclasses.fields(kind):  # type: ignore[arg-type]
        is_optional = one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING
        if one.name not in values and not is_optional:
            raise TrainingConfigError(f"{prefix + one.name} is missing")
    return kind(**values)


def list_of_tables(entries: Any, name: str) -> list[dict[str, Any]]:
    """An entry that is to be a list of tables, maybe an empty one."""
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise TrainingConfigError(f"{name} is a list of tables: [[{name}]]")
    return entries


def _value(name: str, value: Any, kind: Any) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is tuple or typing.get_origin(kind) is tuple:
        wanted_kind = (typing.get_args(kind) or (str,))[0]
        if isinstance(value, list) and all(type(one) is wanted_kind for one in value):
            return tuple(value)
    elif typing.get_origin(kind) is typing.Literal:
        return value  # the section itself knows its words
    elif kind in (int, float, str, bool) and type(value) is kind:
        return value
    wanted = getattr(kind, "__name__", str(kind))
    raise TrainingConfigError(f"{name} must be of kind {wanted}, not {value!r}")


def at_least(name: str, value: float, least: float) -> None:
    if not least <= value < math.inf:
        raise TrainingConfigError(f"{name} must be at least {least}, not {value}")


def one_of(name: str, value: str, words: tuple[str, ...]) -> None:
    if value not in words:
        raise TrainingConfigError(f"{name} must be {' or '.join(words)}, not {value!r}")
