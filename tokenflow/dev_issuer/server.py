"""The Flask app: settings, routes, and what every answer carries."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from flask import Flask, request

from tokenflow.dev_issuer.machine_views import MachineViews
from tokenflow.dev_issuer.oauth import OAuthServer
from tokenflow.dev_issuer.person_views import PersonViews

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from tokenflow.dev_issuer.realm import Realm

# Answers that hold nothing of anybody's.
CACHEABLE = frozenset({"/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"})
LARGEST_BODY = 64 * 1024


def create_app(realm: Realm, *, seen: Callable[[str, str], None], answered: Callable[[str, str, int], None]) -> Flask:
    """Return the app. `seen` and `answered` are told method, path (never the query) and status."""
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        # Cookies do not know ports: two issuers on one machine must not share theirs.
        SESSION_COOKIE_NAME=f"dev_issuer_{realm.issuer.rpartition(':')[2]}",
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        # Whoever reaches a loopback address under another name is a web page that rebinds DNS.
        TRUSTED_HOSTS=["127.0.0.1", "localhost"],
    )
    oauth = OAuthServer(realm)
    for path, methods, view in (*MachineViews(oauth).routes(), *PersonViews(oauth).routes()):
        app.add_url_rule(path, endpoint=path.replace(".", "_"), view_func=view, methods=methods)

    @app.before_request
    def note_request() -> None:
        seen(request.method, request.path)

    @app.after_request
    def finish(response: Response) -> Response:
        if request.path not in CACHEABLE:
            response.headers["Cache-Control"] = "no-store"
        answered(request.method, request.path, response.status_code)
        return response

    return app
