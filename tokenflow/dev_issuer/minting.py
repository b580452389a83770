"""Make access tokens (RFC 9068 JWTs, or opaque strings) and refresh tokens, and remember them.

Authlib has a generator for RFC 9068, but hands it neither the request nor the authorization, so that it knows no
`resource` (RFC 8707) and no lifetime on request; hence this module.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenflow.dev_issuer.records import TokenRecord
from tokenflow.dev_issuer.scopes import OFFLINE_ACCESS

if TYPE_CHECKING:
    from tokenflow.dev_issuer.realm import Realm
    from tokenflow.dev_issuer.records import Authorization


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to make from an authorization: scope and audience (empty: the default) of the access token, its lifetime."""

    authorization: Authorization
    scope: str
    audience: tuple[str, ...] = ()
    lifetime: int | None = None
    may_refresh: bool = False


def mint(realm: Realm, order: Order) -> dict[str, Any]:
    """Return the members of a token response (RFC 6749, section 5.1)."""
    authorization = order.authorization
    lifetime = order.lifetime or authorization.client.access_token_lifetime or realm.access_token_lifetime
    answer: dict[str, Any] = {
        "access_token": _access_token(realm, order, lifetime),
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": order.scope,
    }
    if order.may_refresh and OFFLINE_ACCESS in authorization.scope.split():
        answer["refresh_token"] = _refresh_token(realm, authorization)
    return answer


def _access_token(realm: Realm, order: Order, lifetime: int) -> str:
    now, jti = int(time.time()), secrets.token_urlsafe(16)
    audience = order.audience or (realm.default_audience,)
    client, sign_in = order.authorization.client, order.authorization.sign_in
    claims: dict[str, Any] = {
        "iss": realm.issuer,
        "sub": sign_in.get_user_id() if sign_in else client.client_id,
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "exp": now + lifetime,
        "iat": now,
        "jti": jti,
        "client_id": client.client_id,
        "scope": order.scope,
    }
    if sign_in:
        claims["auth_time"] = sign_in.auth_time
    opaque = client.access_token_format == "opaque"  # a format
    value = secrets.token_urlsafe(32) if opaque else realm.keys.sign(claims, alg=client.access_token_alg, typ="at+jwt")
    realm.memory.add(
        TokenRecord(
            kind="access_token",
            value=value,
            authorization=order.authorization,
            scope=order.scope,
            audience=audience,
            issued_at=now,
            expires_at=now + lifetime,
            jti=jti,
        )
    )
    return value


def _refresh_token(realm: Realm, authorization: Authorization) -> str:
    now = int(time.time())
    record = TokenRecord(
        kind="refresh_token",
        value=secrets.token_urlsafe(32),
        authorization=authorization,
        scope=authorization.scope,
        audience=authorization.audience,
        issued_at=now,
        expires_at=now + realm.refresh_token_lifetime,
        jti=secrets.token_urlsafe(16),
    )
    realm.memory.add(record)
    return record.value
