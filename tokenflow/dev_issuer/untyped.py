"""Names for Authlib's objects: it ships no types, so each is Any to the checker; the names are for the reader."""

from __future__ import annotations

from typing import Any, TypeAlias

AuthlibServer: TypeAlias = Any
AuthlibRequest: TypeAlias = Any
AuthlibPayload: TypeAlias = Any
AuthlibGrant: TypeAlias = Any
AuthlibResponse: TypeAlias = Any
