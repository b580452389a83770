"""What the profile language has and this version does not do yet: said by name and place, never ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenflow.deliver import DELIVERIES
from tokenflow.deliver.formats import FORMATS
from tokenflow.errors import ProfileError
from tokenflow.protocol.client_auth import AUTH_METHODS
from tokenflow.protocol.grants import GRANTS
from tokenflow.world.stores import STORES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenflow.profile import Profile


def refuse_unbuilt(profile: Profile) -> None:
    """Check that this version does all that the profile asks for.

    Raises:
        ProfileError: it does not; every such key is named.
    """
    problems = [
        problem
        for path, what, advice in _unbuilt(profile)
        for problem in profile.refused(path, f"{what} is not built yet in this version", advice).problems
    ]
    if problems:
        raise ProfileError(problems)


def _unbuilt(profile: Profile) -> Iterator[tuple[str, str, str]]:
    yield from _flows(profile)
    yield from _client(profile)
    yield from _deliveries(profile)
    if profile.dpop:
        yield "dpop", "DPoP", "remove it"
    if profile.verify.access_token == "introspection":
        yield "verify.access_token", "introspection", "write auto, jwt or none"
    if profile.store.kind not in STORES:
        yield "store", f"store {profile.store.kind}", _has(STORES)
    if profile.store.key is not None:
        yield "store.key", "encryption of the store", "remove it"


def _flows(profile: Profile) -> Iterator[tuple[str, str, str]]:
    if profile.flow not in GRANTS:
        path = "flow" if profile.says("flow") else "app_type"
        yield path, f"flow {profile.flow}", _has(GRANTS)
    if profile.authorization.details:
        yield "authorization.details", "authorization_details", "remove it"


def _client(profile: Profile) -> Iterator[tuple[str, str, str]]:
    client = profile.client
    if client.auth_method is not None and client.auth_method not in AUTH_METHODS:
        yield "client.auth_method", client.auth_method, _has(AUTH_METHODS)
    for name in ("private_key", "certificate"):
        if getattr(client, name) is not None:
            yield f"client.{name}", f"authentication by {name}", "use client.secret"
    for name in ("assertion", "subject_token", "actor_token"):
        if getattr(profile, name) is not None and profile.flow in GRANTS:
            yield name, f"`{name}`", "remove it"


def _deliveries(profile: Profile) -> Iterator[tuple[str, str, str]]:
    for number, target in enumerate(profile.deliver):
        if target.to not in DELIVERIES:
            yield f"deliver[{number}].to", f"delivery to {target.to}", _has(DELIVERIES)
        elif target.format not in FORMATS:
            yield f"deliver[{number}].format", f"format {target.format}", _has(FORMATS)


def _has(table: Iterable[str]) -> str:
    return f"this version has {', '.join(table)}"
