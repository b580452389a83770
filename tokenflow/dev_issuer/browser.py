"""The browser's side of a sign-in: who is signed in, which clients they allowed, and the forms' CSRF token.

It lives in Flask's session: a cookie signed with a key that is made at start, HttpOnly and SameSite=Lax.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from flask import session

from tokenflow.dev_issuer.records import SignIn

if TYPE_CHECKING:
    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.realm import Realm


def sign_in(realm: Realm) -> SignIn | None:
    """Return who is signed in with this browser."""
    user = realm.user(session.get("sub", ""))
    return SignIn(user, session["auth_time"]) if user else None


def remember(signed_in: SignIn) -> None:
    """Keep a sign-in; another user's permissions are forgotten."""
    if session.get("sub") != signed_in.get_user_id():
        session["allowed"] = []
    session["sub"], session["auth_time"] = signed_in.get_user_id(), signed_in.auth_time


def remember_allowed(client: DevClient, scope: str) -> None:
    """Keep that the user allowed `client` this scope."""
    session["allowed"] = [*session.get("allowed", []), [client.client_id, scope]][-20:]


def has_allowed(client: DevClient, scope: str) -> bool:
    """Tell whether the user already allowed `client` everything in this scope."""
    allowed = [given for client_id, given in session.get("allowed", []) if client_id == client.client_id]
    return bool(allowed) and set(scope.split()) <= set(" ".join(allowed).split())


def csrf_token() -> str:
    """Return the token that this browser's forms carry."""
    token: str = session.setdefault("csrf", secrets.token_urlsafe(16))
    return token


def is_own_form(token: str) -> bool:
    """Tell whether a form with this token was made for this browser."""
    return hmac.compare_digest(session.get("csrf", "").encode(), token.encode()) and bool(token)
