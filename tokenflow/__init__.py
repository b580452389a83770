"""A YAML profile in, a valid OAuth 2.0 access token out: obtained, verified, renewed and handed on.

The public names are resolved on first use (PEP 562): `import tokenflow` itself loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenflow.errors import (
        DeliveryError,
        InteractionRequired,
        OAuthError,
        Problem,
        ProfileError,
        ProtocolError,
        SecretError,
        StoreError,
        TokenflowError,
        TransportError,
        VerificationError,
    )
    from tokenflow.loading import load_profile
    from tokenflow.profile import Profile
    from tokenflow.runner import AsyncRunner, Runner
    from tokenflow.tokens import TokenSet

__version__ = "0.1.0"

_HOMES = {
    "AsyncRunner": "tokenflow.runner",
    "DeliveryError": "tokenflow.errors",
    "InteractionRequired": "tokenflow.errors",
    "OAuthError": "tokenflow.errors",
    "Problem": "tokenflow.errors",
    "Profile": "tokenflow.profile",
    "ProfileError": "tokenflow.errors",
    "ProtocolError": "tokenflow.errors",
    "Runner": "tokenflow.runner",
    "SecretError": "tokenflow.errors",
    "StoreError": "tokenflow.errors",
    "TokenSet": "tokenflow.tokens",
    "TokenflowError": "tokenflow.errors",
    "TransportError": "tokenflow.errors",
    "VerificationError": "tokenflow.errors",
    "load_profile": "tokenflow.loading",
}

__all__ = [
    "AsyncRunner",
    "DeliveryError",
    "InteractionRequired",
    "OAuthError",
    "Problem",
    "Profile",
    "ProfileError",
    "ProtocolError",
    "Runner",
    "SecretError",
    "StoreError",
    "TokenSet",
    "TokenflowError",
    "TransportError",
    "VerificationError",
    "load_profile",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'tokenflow' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - `import tokenflow` itself loads nothing

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
