"""Take the secrets out of a profile, so that its flows can be walked: a stand-in for each, and a name for shells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, final

from tokenflow.profile import EnvSource, Place, Profile, Reference
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from tokenflow.profile import Source

_WRITTEN_OUT: Final = EnvSource("")  # stands for the source of a secret that the profile holds itself
_SHELL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@final
@dataclass(frozen=True, slots=True)
class Variable:
    """A shell variable that stands for a secret; `about` says which, and where the profile has it from."""

    name: str
    about: str


@final
@dataclass(slots=True)
class Veil:
    """Hand out a stand-in for each secret, and know each by its stand-in."""

    variables: dict[str, Variable] = field(default_factory=dict)
    _stand_ins: dict[tuple[Source, str], Secret] = field(default_factory=dict)

    def stand_in(self, reference: Reference) -> Secret:
        """Return what is taken for the secret: text that no encoding changes, another one for each secret."""
        written_out = reference.source is _WRITTEN_OUT
        key = (reference.source, reference.place.path if written_out else "")
        if key not in self._stand_ins:
            where = "written out in the profile" if written_out else str(reference)
            variable = Variable(self._name(reference), f"{reference.place.path}: {where}")
            text = f"stand-in-{len(self._stand_ins)}"
            self.variables[text] = variable
            self._stand_ins[key] = Secret(text)
        return self._stand_ins[key]

    def _name(self, reference: Reference) -> str:
        source = reference.source
        if isinstance(source, EnvSource) and _SHELL_NAME.match(source.name):
            return source.name
        name = shell_name(reference.place.path)
        taken = {variable.name for variable in self.variables.values()}
        return name if name not in taken else f"{name}_{len(taken)}"


def shell_name(text: str) -> str:
    """Return the name of a shell variable for what is called `text`."""
    return re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_") or "SECRET"


def veiled(profile: Profile) -> Profile:
    """Return the profile with a reference in the place of every secret that is written out."""
    result: Profile = _veiled(profile, "")
    return result


def _veiled(value: Any, path: str) -> Any:
    if isinstance(value, Secret):
        return Reference(_WRITTEN_OUT, place=Place(path=path))
    if isinstance(value, tuple) and not path.endswith("places"):
        return tuple(_veiled(item, _item_path(item, path)) for item in value)
    if is_dataclass(value) and not isinstance(value, type | Reference):
        below = f"{path}." if path else ""
        changed = {each.name: _veiled(getattr(value, each.name), f"{below}{each.name}") for each in fields(value)}
        return replace(value, **changed)
    return value


def _item_path(item: Any, path: str) -> str:
    """Name an item of a tuple: by the parameter's name where it is a pair with a secret (`token.extra.x`)."""
    pair = isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], Secret)  # noqa: PLR2004 - a pair
    return f"{path}.{item[0]}" if pair else path
