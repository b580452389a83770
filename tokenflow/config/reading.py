"""Read YAML as it is written: positions kept, nothing guessed, nothing that explodes.

The events of PyYAML's C parser are put together here rather than by its composer and constructor, because those
resolve `no` to false and `22:22` to 1342, let a second key overwrite the first, expand merge keys exponentially while
loading, and recurse as deep as the file says (F-122 to F-133).
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, final

import yaml

from tokenflow.config.document import Document, Mark, Path, Spot, dotted
from tokenflow.config.excerpts import hide_values
from tokenflow.errors import Problem, ProfileError
from tokenflow.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path as FilePath

LARGEST: Final = 256 * 1024  # bytes; a profile is a page of text
DEEPEST: Final = 32
MOST_NODES: Final = 10_000  # counted as aliases expand
LONGEST_INTEGER: Final = 18  # digits

# Letters that YAML refuses without saying where, and those that reorder or break what a person sees, which it accepts.
_INVISIBLE: Final = re.compile(
    "[^\t\n\r -~\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_INTEGER: Final = re.compile(r"(?:0|[1-9][0-9]*)\Z")
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(file: FilePath, *, shown_as: str | None = None) -> Document:
    """Read the profile in `file`.

    Raises:
        ProfileError: the file cannot be read, or is not one YAML mapping that can be taken as it is written.
    """
    name = shown_as or str(file)
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _refusal(name, "is a folder", "name a profile in it, or check all of it with `tokenflow validate`")
        if not stat.S_ISREG(mode):
            raise _refusal(name, "is not a regular file", "name a YAML file")
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise _refusal(name, "there is no such file", "check the path") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _refusal(name, f"cannot be read: {reason}") from None
    return parse(content, name)


def parse(content: bytes, name: str) -> Document:
    """Parse one YAML document; see `read`."""
    text = _decoded(content, name)
    lines = text.splitlines()
    if found := _INVISIBLE.search(text):
        letter = f"U+{ord(found.group()):04X}"
        at = _mark_after(text[: found.start()])
        raise _refusal(name, f"holds the invisible character {letter}", "remove it", at=at)
    builder = _Builder(name, lines)
    try:
        next_event = _LOADER(text).get_event
        while (event := next_event()) is not None:
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(name, lines, error) from None
    return builder.document()


def _decoded(content: bytes, name: str) -> str:
    if len(content) > LARGEST:
        raise _refusal(name, f"is larger than {LARGEST // 1024} KiB", "a profile is a page of text")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refusal(name, "is UTF-16", "save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = _mark_after(error.object[: error.start].decode())
        raise _refusal(name, "is not UTF-8 here", "save it as UTF-8", at=at) from None
    before, zero, _ = text.partition("\0")
    if zero:
        raise _refusal(name, "is binary here, not text", "name a YAML file in UTF-8", at=_mark_after(before))
    return text


def _mark_after(text: str) -> Mark:
    lines = f"{text}.".splitlines()
    return len(lines) - 1, len(lines[-1]) - 1


def _refusal(
    name: str, message: str, advice: str = "", *, at: Mark | None = None, path: str = "", excerpt: str = ""
) -> ProfileError:
    line, column = (at[0] + 1, at[1] + 1) if at else (0, 0)
    problem = Problem(
        file=name,
        line=line,
        column=column,
        path=path,
        message=message,
        advice=advice,
        rule="yaml",
        excerpt=hide_values(excerpt),
    )
    return ProfileError([problem])


_NO_TAGS: Final = "remove it: profiles hold plain values; quote one that begins with `!`"

# What libyaml says -> what a person needs to hear. Where something began that does not end, is where to look.
_BEGUN: Final = ("could not find expected ':'", "found unexpected end of stream", "expected ',' or")
_TRANSLATIONS: Final = (
    ("mapping values are not allowed", "a `:` stands where no key can be", "check the indentation, or quote the value"),
    (
        "did not find expected key",
        "a key was expected here",
        "indent it like the keys of the same section, and check the quotes above",
    ),
    ("did not find expected '-' indicator", "a list item was expected here", "begin it with `- `"),
    ("could not find expected ':'", "a key without `: `", "write `key: value`, with a blank after the colon"),
    ("found unexpected end of stream", "a quote is opened here and never closed", "close it"),
    ("found undefined tag handle", "a tag (`!...`) stands here", _NO_TAGS),
    ("cannot start any token", "a value cannot begin with this character", 'put it in quotes: "..."'),
    ("alphabetic or numeric", "a value cannot begin with `*` or `&`", 'put it in quotes: "..."'),
    ("expected ',' or ']'", "a `[` is opened here and not closed", "close it with `]`, and write `, ` between items"),
    ("expected ',' or '}'", "a `{` is opened here and not closed", "close it with `}`, and write `, ` between keys"),
)


def _syntax_error(name: str, lines: list[str], error: yaml.MarkedYAMLError) -> ProfileError:
    said = error.problem or "cannot be parsed"
    mark = error.problem_mark or error.context_mark
    if error.context_mark and any(sign in said for sign in _BEGUN):
        mark = error.context_mark
    at = (mark.line, mark.column) if mark else None
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    message, advice = f"is not YAML: {printable(said)}", ""
    for sign, plain, remedy in _TRANSLATIONS:
        if sign in said:
            message, advice = plain, remedy
            break
    if "\t" in line[: len(line) - len(line.lstrip())]:
        message, advice = "a tab is used for indentation", "use spaces"
    return _refusal(name, message, advice, at=at, excerpt=line)


@final
@dataclass(slots=True)
class _Frame:
    """A list or mapping that is still open."""

    value: list[Any] | dict[str, Any]
    path: Path
    start: Mark
    key_mark: Mark | None
    anchor: str | None
    nodes: int = 1
    pending: str | None = None
    pending_mark: Mark | None = None


@final
@dataclass(slots=True)
class _Builder:
    """Put parser events together, with a stack instead of recursion."""

    name: str
    lines: list[str]
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    open_anchors: set[str] = field(default_factory=set)
    spots: dict[Path, Spot] = field(default_factory=dict)
    documents: int = 0
    root: Any = None

    def take(self, event: Any) -> None:
        take = self._TAKES.get(type(event))
        if take is not None:
            take(self, event)

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self._refusal(event, "a second document begins", "one profile a file: remove the `---`")

    def _mapping(self, event: yaml.MappingStartEvent) -> None:
        self._open(event, {})

    def _sequence(self, event: yaml.SequenceStartEvent) -> None:
        self._open(event, [])

    def document(self) -> Document:
        if not isinstance(self.root, dict):
            advice = "begin with `version: 1` and `app_type: service`"
            if self.root is None:
                raise _refusal(self.name, "holds no profile: it is empty", advice)
            kind = "a list" if isinstance(self.root, list) else "a single value"
            raise _refusal(self.name, f"holds {kind}, not keys and values", advice, at=self.spots[()].start)
        return Document(file=self.name, data=self.root, lines=self.lines, spots=self.spots)

    def _refusal(self, event: Any, message: str, advice: str = "", *, path: str = "") -> ProfileError:
        at = _start(event)
        line = self.lines[at[0]] if at[0] < len(self.lines) else ""
        return _refusal(self.name, message, advice, at=at, path=path, excerpt=line)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_tag(event)
        frame = self.stack[-1] if self.stack else None
        if frame and isinstance(frame.value, dict) and frame.pending is None:
            self._key(frame, event)
            return
        plain = bool(event.implicit[0])
        if plain and _INTEGER.match(event.value) and len(event.value) > LONGEST_INTEGER:
            path = dotted(self._next(event)[0])
            raise self._refusal(event, "this number is too large", 'if it is a name, quote it: "..."', path=path)
        value = plain_value(event.value) if plain else event.value
        self._place(event, value, nodes=1, scalar=True)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)

    def _key(self, frame: _Frame, event: yaml.ScalarEvent) -> None:
        key = event.value
        if key == "<<" and event.implicit[0]:
            raise self._refusal(event, "merge keys (`<<`) are not taken", "write the keys out, or use `preset:`")
        if key in frame.value:
            first = self.spots[(*frame.path, key)].key
            line = first[0] + 1 if first else 0
            raise self._refusal(
                event, f"the key `{dotted((key,))}` stands twice, first on line {line}", "remove one of them"
            )
        frame.pending = key
        frame.pending_mark = _start(event)

    def _open(self, event: Any, value: list[Any] | dict[str, Any]) -> None:
        self._refuse_tag(event)
        if len(self.stack) >= DEEPEST:
            raise self._refusal(event, f"is nested deeper than {DEEPEST} levels", "flatten it")
        path, key_mark = self._next(event)
        if event.anchor:
            self.open_anchors.add(event.anchor)
        self.spots[path] = Spot(key=key_mark, start=_start(event), end=_start(event), scalar=False)
        self.stack.append(_Frame(value, path, _start(event), key_mark, event.anchor))

    def _close(self, event: Any) -> None:
        frame = self.stack.pop()
        if frame.anchor:
            self.open_anchors.discard(frame.anchor)
            self.anchors[frame.anchor] = (frame.value, frame.nodes)
        end = (event.end_mark.line, event.end_mark.column)
        self.spots[frame.path] = Spot(key=frame.key_mark, start=frame.start, end=end, scalar=False)
        self._attach(event, frame.value, frame.nodes)

    def _alias(self, event: yaml.AliasEvent) -> None:
        anchor = str(event.anchor)  # not shown: a password may begin with `*`
        if anchor in self.open_anchors:
            raise self._refusal(event, "an alias (`*...`) refers to what it stands in", "write the value out")
        if anchor not in self.anchors:
            advice = "define it with `&` first, or quote a value that begins with `*`"
            raise self._refusal(event, "an alias (`*...`) refers to nothing above", advice)
        value, nodes = self.anchors[anchor]
        self._place(event, value, nodes=nodes, scalar=not isinstance(value, dict | list))

    def _next(self, event: Any) -> tuple[Path, Mark | None]:
        """Tell the path of the value that comes next, and where its key stands."""
        if not self.stack:
            return (), None
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            return (*frame.path, len(frame.value)), None
        if frame.pending is None:
            raise self._refusal(event, "a key must be plain text", "write `key: value`; a variable is `{env: NAME}`")
        return (*frame.path, frame.pending), frame.pending_mark

    def _place(self, event: Any, value: Any, *, nodes: int, scalar: bool) -> None:
        path, key_mark = self._next(event)
        end = (event.end_mark.line, event.end_mark.column)
        self.spots[path] = Spot(key=key_mark, start=_start(event), end=end, scalar=scalar)
        self._attach(event, value, nodes)

    def _attach(self, event: Any, value: Any, nodes: int) -> None:
        if not self.stack:
            self.root = value
            return
        frame = self.stack[-1]
        frame.nodes += nodes
        if frame.nodes > MOST_NODES:
            raise self._refusal(event, f"holds more than {MOST_NODES} values once aliases are expanded", "shorten it")
        if isinstance(frame.value, list):
            frame.value.append(value)
        else:
            assert frame.pending is not None
            frame.value[frame.pending] = value
            frame.pending = None

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:  # not shown: a password may begin with `!`
            raise self._refusal(event, "a tag (`!...`) stands here", _NO_TAGS)

    _TAKES: ClassVar[dict[type, Callable[[_Builder, Any], None]]] = {
        yaml.DocumentStartEvent: _document,
        yaml.ScalarEvent: _scalar,
        yaml.MappingStartEvent: _mapping,
        yaml.SequenceStartEvent: _sequence,
        yaml.MappingEndEvent: _close,
        yaml.SequenceEndEvent: _close,
        yaml.AliasEvent: _alias,
    }


def _start(event: Any) -> Mark:
    mark = event.start_mark
    return mark.line, mark.column


def plain_value(text: str) -> str | int | bool | None:
    """Give a plain scalar its meaning: scalars are what was written."""
    if text in ("true", "false"):
        return text == "true"
    if text in ("null", "~", ""):
        return None
    if _INTEGER.match(text) and len(text) <= LONGEST_INTEGER:
        return int(text)
    return text
