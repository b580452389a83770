"""Rules about where tokens are kept and where `run` takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tokenflow.config.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding

_STORE_KEYS: Final = {"path": "file", "url": "redis", "prefix": "redis", "service": "keyring"}


def _store_kind(facts: Facts) -> str:
    return facts.text("store") or facts.text("store", "kind")


def _store_has_its_address(facts: Facts) -> Iterator[Finding]:
    if _store_kind(facts) == "redis" and not facts.has("store", "url"):
        wrong = "redis needs `url`, the address of the server"
        yield ("store",), wrong, "write `store: {kind: redis, url: {env: REDIS_URL}}`"


def _store_keys_are_used(facts: Facts) -> Iterator[Finding]:
    kind = facts.text("store", "kind")
    for name, home in _STORE_KEYS.items():
        if kind not in ("", home) and facts.has("store", name) and not facts.meant(name):
            yield ("store", name), f"has no effect on store {kind}", f"remove it, or write `kind: {home}`"


def _targets(facts: Facts) -> Iterator[tuple[int, dict[str, Any]]]:
    targets = facts.value("deliver")
    for number, target in enumerate(targets if isinstance(targets, list) else ()):
        if isinstance(target, dict):
            yield number, target


_TARGET_NEEDS: Final = {"file": "path", "command": "run"}


def _delivery_is_whole(facts: Facts) -> Iterator[Finding]:
    for number, target in _targets(facts):
        needed = _TARGET_NEEDS.get(str(target.get("to")))
        if needed and needed not in target and not facts.meant(needed):
            yield ("deliver", number), f"a delivery to a {target['to']} has no `{needed}`", f"write `{needed}:`"


def _deliveries_differ(facts: Facts) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for number, target in _targets(facts):
        path = target.get("path")
        if target.get("to") == "file" and isinstance(path, str) and seen.setdefault(path, number) != number:
            wrong = f"writes the same file as deliver[{seen[path]}], which is lost"
            yield ("deliver", number, "path"), wrong, "write another path, or remove one of the two"


def _delivered_file_is_private(facts: Facts) -> Iterator[Finding]:
    for number, target in _targets(facts):
        mode = target.get("mode")
        if not isinstance(mode, str) or facts.doubts(("deliver", number, "mode")):
            continue
        others, group = int(mode[-1], 8), int(mode[-2], 8)
        if others:
            wrong = f"{mode} lets everybody on this machine at the token"
            yield ("deliver", number, "mode"), wrong, 'write "0600", or "0640" for one group'
        elif group & 0o2:
            wrong = f"{mode} lets a group replace the token"
            yield ("deliver", number, "mode"), wrong, 'write "0640", so that they can read it'


_TARGET_KEYS: Final = {"path": "file", "mode": "file", "run": "command", "kubernetes": "kubernetes", "vault": "vault"}


def _delivery_keys_are_used(facts: Facts) -> Iterator[Finding]:
    for number, target in _targets(facts):
        to = target.get("to")
        for name, home in _TARGET_KEYS.items():
            if isinstance(to, str) and name in target and to != home and not facts.doubts(("deliver", number, "to")):
                yield (
                    ("deliver", number, name),
                    f"has no effect on a delivery to {to}",
                    f"remove it, or write `to: {home}`",
                )


RULES: Final = (
    Rule(
        id="store-has-its-address",
        severity="error",
        title="A redis store has its address",
        why="tokenflow guesses no server to which it would give refresh tokens.",
        write="`store: {kind: redis, url: {env: REDIS_URL}}`",
        section="schemas/README.md#store",
        check=_store_has_its_address,
    ),
    Rule(
        id="store-keys-are-used",
        severity="warning",
        title="Every key of the store has an effect on its kind",
        why="path is for a file store, url and prefix are for redis, service is for a keyring.",
        write="Remove the key, or write the kind that it is for.",
        section="schemas/README.md#store",
        check=_store_keys_are_used,
    ),
    Rule(
        id="delivery-is-whole",
        severity="error",
        title="A delivery has what it needs",
        why="A file needs its path, a command its program.",
        write="`{to: file, path: /run/token}` or `{to: command, run: [systemctl, reload, reports]}`",
        section="schemas/README.md#deliver",
        check=_delivery_is_whole,
    ),
    Rule(
        id="deliveries-differ",
        severity="error",
        title="No two deliveries write one file",
        why="The second replaces what the first has written.",
        write="A path of its own for each.",
        section="schemas/README.md#deliver",
        check=_deliveries_differ,
    ),
    Rule(
        id="delivered-file-is-private",
        severity="warning",
        title="A delivered token is for its owner, or a group that reads it",
        why="Whoever reads the file has the token, and with it all that it opens; whoever writes it chooses the token"
        " that your programs use.",
        write='mode "0600" (the default), or "0640" with the group of the one program that reads it.',
        section="RFC 6750 section 5.3",
        check=_delivered_file_is_private,
    ),
    Rule(
        id="delivery-keys-are-used",
        severity="warning",
        title="Every key of a delivery has an effect on its target",
        why="path and mode are for a file, run is for a command: probably another `to` was meant.",
        write="Remove the key, or write the target that it is for.",
        section="schemas/README.md#deliver",
        check=_delivery_keys_are_used,
    ),
)
