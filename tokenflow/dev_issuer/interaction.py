"""Decide what an authorization request needs from the person: nothing, a yes or no, or a sign-in.

OpenID Connect Core, section 3.1.2.1: prompt, max_age, login_hint. Nothing here does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from authlib.oauth2 import OAuth2Error

from tokenflow.dev_issuer import requested

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from tokenflow.dev_issuer.records import SignIn

PROMPTS = ("none", "login", "consent", "select_account")


class Step(StrEnum):
    """What comes next."""

    ANSWER = "answer"
    CONSENT = "consent"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the request says about the interaction."""

    prompts: frozenset[str]
    max_age: int | None
    login_hint: str

    @classmethod
    def of(cls, parameters: MultiDict[str, str], *, redirect_uri: str) -> Wishes:
        """Read the parameters; refuse what has no meaning."""
        prompts = frozenset(parameters.get("prompt", "").split())
        if not prompts <= set(PROMPTS) or ("none" in prompts and len(prompts) > 1):
            raise OAuth2Error("prompt has no such meaning", error="invalid_request", redirect_uri=redirect_uri)
        return cls(
            prompts=prompts,
            max_age=requested.seconds(parameters, "max_age"),
            login_hint=parameters.get("login_hint", ""),
        )

    def usable(self, sign_in: SignIn | None, *, now: int) -> SignIn | None:
        """Return the browser's sign-in if it is recent enough and the right person's."""
        if sign_in is None:
            return None
        if self.max_age is not None and now - sign_in.auth_time >= self.max_age:
            return None
        if self.login_hint and not sign_in.user.is_known_as(self.login_hint):
            return None
        return sign_in


def next_step(wishes: Wishes, sign_in: SignIn | None, *, allowed: bool, redirect_uri: str) -> Step:
    """Return the step; with prompt=none, raise the error that says which one would have been needed."""
    if "none" in wishes.prompts:
        if sign_in is None:
            raise OAuth2Error("nobody is signed in", error="login_required", redirect_uri=redirect_uri)
        if not allowed:
            raise OAuth2Error(
                "the user has not allowed this client", error="consent_required", redirect_uri=redirect_uri
            )
        return Step.ANSWER
    if sign_in is None or wishes.prompts & {"login", "select_account"}:
        return Step.SIGN_IN
    if "consent" in wishes.prompts or not allowed:
        return Step.CONSENT
    return Step.ANSWER
