"""The pages that a person meets: sign-in and consent, the device's code, sign-out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from flask import Response, request

from tokenflow.dev_issuer import authorization_request, browser, pages
from tokenflow.dev_issuer.interaction import Step, Wishes, next_step
from tokenflow.dev_issuer.records import SignIn
from tokenflow.dev_issuer.users import KNOWN_USERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokenflow.dev_issuer.oauth import OAuthServer
    from tokenflow.dev_issuer.untyped import AuthlibGrant, AuthlibRequest

    View = Callable[[], Response]

WRONG_PASSWORD = "The user name or the password is wrong."  # a message
STALE_FORM = "This form was not made for this browser, or is out of date. Please start again."


class PersonViews:
    """Views as methods; `routes` says where they are."""

    def __init__(self, oauth: OAuthServer) -> None:
        self.oauth = oauth
        self.realm = oauth.realm

    def routes(self) -> Iterator[tuple[str, list[str], View]]:
        """Yield path, methods and view."""
        yield "/authorize", ["GET", "POST"], self.authorize
        yield "/device", ["GET", "POST"], self.device
        yield "/end-session", ["GET", "POST"], self.end_session

    def authorize(self) -> Response:
        """Answer an authorization request, after what it needs from the person (OpenID Connect Core, 3.1.2)."""
        oauth_request = self.oauth.create_oauth2_request(None)
        try:
            client, redirect_uri = authorization_request.check(self.realm, oauth_request.payload)
            wishes = Wishes.of(request.values, redirect_uri=redirect_uri)
            sign_in = wishes.usable(browser.sign_in(self.realm), now=int(time.time()))
            grant = self.oauth.get_consent_grant(end_user=sign_in)
            allowed = browser.has_allowed(client, grant.request.scope)
            step = next_step(wishes, sign_in, allowed=allowed, redirect_uri=redirect_uri)
        except OAuth2Error as error:
            return self._refuse(oauth_request, error)
        if "decision" in request.form:
            return self._decided(grant, step, sign_in)
        if step is Step.ANSWER:
            return self._answer(grant, sign_in)
        return self._ask(grant, step, sign_in, user_name=wishes.login_hint or KNOWN_USERS[0].name)

    def device(self) -> Response:
        """Let a person allow a device (RFC 8628, section 3.3)."""
        if request.method == "GET" or "decision" not in request.form:
            return self._ask_for_device(request.values.get("user_code", ""))
        if not browser.is_own_form(request.form.get("csrf", "")):
            return _page(pages.message("Sign in to a device", "", problem=STALE_FORM), 403)
        user_code = request.form.get("user_code", "")
        record = self.realm.memory.waiting_device(user_code)
        if record is None:
            return self._ask_for_device(user_code, problem="No device waits with this code.")
        sign_in = None
        if request.form["decision"] == "allow":
            sign_in = self._typed_sign_in() or browser.sign_in(self.realm)
            if sign_in is None or self._typed_wrongly():
                return self._ask_for_device(user_code, problem=WRONG_PASSWORD)
            browser.remember(sign_in)
        if not self.realm.memory.answer_device(record, sign_in):
            return self._ask_for_device(user_code, problem="No device waits with this code.")
        done = "The device is signed in." if sign_in else "The device was denied access."
        return _page(pages.message("Done", f"{done} You can close this page."))

    def end_session(self) -> Response:
        """Sign out (RP-Initiated Logout); without a valid `id_token_hint`, only after a click."""
        try:
            logout = self.oauth.validate_endpoint_request("end_session")
        except (OAuth2Error, ValueError):
            # Authlib raises ValueError where a library's message has a character that its errors may not hold.
            problem = "The request cannot be used: its id_token_hint is not from here, or not this client's."
            return _page(pages.message("Sign out", "", problem=problem), 400)
        confirmed = browser.is_own_form(request.form.get("csrf", ""))
        if logout.needs_confirmation and not confirmed:
            form = pages.Form(
                action=_same_request(),
                csrf=browser.csrf_token(),
                question="Sign out of the development issuer?",
                redirects_to=logout.redirect_uri or "",
            )
            return _page(pages.confirmation("Sign out", form, button="Sign out"))
        answer: Response | None = self.oauth.create_endpoint_response("end_session", logout)
        return answer or _page(pages.message("Signed out", "You can close this page."))

    def _decided(self, grant: AuthlibGrant, step: Step, sign_in: SignIn | None) -> Response:
        if not browser.is_own_form(request.form.get("csrf", "")):
            return _page(pages.message("Sign in", "", problem=STALE_FORM), 403)
        if request.form["decision"] != "allow":
            return self._answer(grant, None)
        typed = self._typed_sign_in()
        if typed is None and (step is Step.SIGN_IN or self._typed_wrongly()):
            name = request.form.get("username", "")
            return self._ask(grant, Step.SIGN_IN, None, user_name=name, problem=WRONG_PASSWORD)
        sign_in = typed or sign_in
        assert sign_in is not None
        browser.remember(sign_in)
        browser.remember_allowed(grant.request.client, grant.request.scope)
        return self._answer(grant, sign_in)

    def _answer(self, grant: AuthlibGrant, sign_in: SignIn | None) -> Response:
        response: Response = self.oauth.create_authorization_response(
            request=grant.request, grant_user=sign_in, grant=grant
        )
        return response

    def _ask(
        self,
        grant: AuthlibGrant,
        step: Step,
        sign_in: SignIn | None,
        *,
        user_name: str,
        problem: str = "",
    ) -> Response:
        client_id, scope = grant.request.client.client_id, grant.request.scope
        who = f" as {sign_in.user.name}" if sign_in and step is Step.CONSENT else ""
        form = pages.Form(
            action=_same_request(),
            csrf=browser.csrf_token(),
            question=f"{client_id} asks for access{who}: {scope or 'no scope'}.",
            problem=problem,
            user_name=user_name if step is Step.SIGN_IN else None,
            password="" if problem else _known_password(user_name),
            redirects_to=grant.redirect_uri,
        )
        return _page(
            pages.decision("Sign in" if step is Step.SIGN_IN else "Allow access", form), 403 if problem else 200
        )

    def _ask_for_device(self, user_code: str, *, problem: str = "") -> Response:
        sign_in = browser.sign_in(self.realm)
        who = f" You are signed in as {sign_in.user.name}." if sign_in else ""
        name = KNOWN_USERS[0].name
        form = pages.Form(
            action="/device",
            csrf=browser.csrf_token(),
            question=f"Allow only a device that shows this code to you now.{who}",
            problem=problem,
            user_code=user_code,
            user_name=None if sign_in else name,
            password="" if problem else _known_password(name),
        )
        return _page(pages.decision("Sign in to a device", form), 403 if problem else 200)

    def _refuse(self, oauth_request: AuthlibRequest, error: OAuth2Error) -> Response:
        if error.redirect_uri:
            response: Response = self.oauth.handle_error_response(oauth_request, error)
            return response
        # Nobody but the person may see this one: where the client is in doubt, so is the redirect URI.
        return _page(pages.message("Cannot sign in", f"{error.error}: {error.get_error_description()}"), 400)

    def _typed_sign_in(self) -> SignIn | None:
        user = self.realm.authenticate(request.form.get("username", ""), request.form.get("password", ""))
        return SignIn(user, int(time.time())) if user else None

    def _typed_wrongly(self) -> bool:
        return "username" in request.form and self._typed_sign_in() is None


def _same_request() -> str:
    """Return the address that repeats this request's parameters, without what was typed into the form."""
    typed = {"csrf", "decision", "username", "password"}
    pairs = [(name, value) for name, value in request.values.items(multi=True) if name not in typed]
    return f"{request.path}?{urlencode(pairs)}"


def _known_password(user_name: str) -> str:
    user = next((user for user in KNOWN_USERS if user.name == user_name), None)
    return user.password.reveal() if user else ""


def _page(page: pages.Page, status: int = 200) -> Response:
    return Response(page.html, status=status, headers=page.headers)
