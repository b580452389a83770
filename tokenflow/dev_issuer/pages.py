"""The issuer's HTML: small, accessible, without anything from outside, under a strict content security policy.

Values enter by `Markup.format`, which escapes them. Nothing here reads a request.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable

STYLE = Markup("""
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 28rem; margin: 2rem auto; padding: 0 1rem; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem; }
button { font: inherit; padding: .5rem 1.25rem; margin: 1.25rem .5rem 0 0; }
.problem { border-left: .3rem solid #c62828; padding-left: .75rem; }
.hint { font-size: .9rem; }
""")
SUBMIT = Markup("document.forms[0].submit()")

_NOTHING = "'none'"

_LAYOUT = Markup(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title} - development issuer</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
    "<body><main><h1>{title}</h1>{problem}{body}</main></body></html>\n"
)
_PROBLEM = Markup('<p class="problem" role="alert">{}</p>')
_PARAGRAPH = Markup("<p>{}</p>")
_HIDDEN = Markup('<input type="hidden" name="{}" value="{}">')
_FORM = Markup('<form method="post" action="{action}">{fields}</form>')
_FIELD = Markup(
    '<label for="{name}">{label}</label>'
    '<input id="{name}" name="{name}" type="{type}" value="{value}" autocomplete="{autocomplete}" required>'
)
_SCRIPT = Markup("<script>{}</script>").format(SUBMIT)
_SIGN_IN_HINT = Markup(
    '<p class="hint">This server is for development only: its users are made up, and their passwords are no secret '
    "(alice has alice-password, bob has bob-password).</p>"
)
_DECISION = Markup(
    '<button name="decision" value="allow">Allow</button>'
    '<button name="decision" value="deny" formnovalidate>Deny</button>'
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and the headers that must go with it."""

    html: str
    headers: list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The parts of a form that asks a person for a decision."""

    action: str
    csrf: str
    question: str
    problem: str = ""
    user_name: str | None = None
    password: str = ""
    user_code: str | None = None
    redirects_to: str = ""


def decision(title: str, form: Form) -> Page:
    """Ask to allow or deny; with `user_name` for a sign-in too, with `user_code` for a device's code."""
    fields = [_HIDDEN.format("csrf", form.csrf), _PARAGRAPH.format(form.question)]
    if form.user_code is not None:
        fields.append(_field("user_code", "Code on the device", form.user_code, autocomplete="off"))
    if form.user_name is not None:
        fields.append(_field("username", "User name", form.user_name, autocomplete="username"))
        fields.append(_field("password", "Password", form.password, autocomplete="current-password"))
        fields.append(_SIGN_IN_HINT)
    body = _FORM.format(action=form.action, fields=Markup("").join([*fields, _DECISION]))
    return _page(title, body, problem=form.problem, may_post_to=["'self'", *_sources(form.redirects_to)])


def confirmation(title: str, form: Form, *, button: str) -> Page:
    """Ask for one click."""
    fields = (
        _HIDDEN.format("csrf", form.csrf),
        _PARAGRAPH.format(form.question),
        Markup('<button name="decision" value="allow">{}</button>').format(button),
    )
    body = _FORM.format(action=form.action, fields=Markup("").join(fields))
    return _page(title, body, problem=form.problem, may_post_to=["'self'", *_sources(form.redirects_to)])


def message(title: str, text: str, *, problem: str = "") -> Page:
    """Tell something."""
    return _page(title, _PARAGRAPH.format(text) if text else Markup(""), problem=problem)


def form_post(redirect_uri: str, parameters: Iterable[tuple[str, str]]) -> Page:
    """Send `parameters` on as a form (OAuth 2.0 Form Post Response Mode), by script or else by a button."""
    fields = Markup("").join(_HIDDEN.format(name, value) for name, value in parameters)
    button = Markup("<p>Signed in; one more step.</p><button>Continue</button>")
    body = _FORM.format(action=redirect_uri, fields=fields + button) + _SCRIPT
    return _page("Continue", body, may_post_to=_sources(redirect_uri), script=SUBMIT)


def _field(name: str, label: str, value: str, *, autocomplete: str) -> Markup:
    kind = "password" if name == "password" else "text"
    return _FIELD.format(name=name, label=label, value=value, type=kind, autocomplete=autocomplete)


def _page(title: str, body: Markup, *, problem: str = "", may_post_to: Iterable[str] = (), script: str = "") -> Page:
    scripts, targets = (_hash(script) if script else _NOTHING), (" ".join(may_post_to) or _NOTHING)
    policy = (
        f"default-src 'none'; style-src {_hash(STYLE)}; script-src {scripts}; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    html = _LAYOUT.format(title=title, style=STYLE, problem=_PROBLEM.format(problem) if problem else "", body=body)
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return Page(str(html), headers)


def _hash(inline: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def _sources(uri: str) -> list[str]:
    """Return the policy source for `uri`: browsers apply form-action to the redirect after a form as well."""
    if not uri:
        return []
    parts = urlsplit(uri)
    # A policy cannot name an IPv6 host; a private-use scheme has no host that means anything.
    if parts.scheme not in {"http", "https"} or ":" in (parts.hostname or ""):
        return [f"{parts.scheme}:"]
    return [f"{parts.scheme}://{parts.netloc}"]
