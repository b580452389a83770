"""An OAuth 2.0 and OpenID Connect authorization server for development and tests, on 127.0.0.1 and in memory.

    with DevIssuer() as issuer:
        print(issuer.url)

Authlib's server parts do the protocol; this package gives them clients, users, keys, pages and a thread. It needs the
extra `demo` (Authlib, Flask): without it the import fails, so nothing outside imports this package at module level.

    serving          DevIssuer: the socket and the thread
    server           the Flask app: machine_views (token, jwks, ...) and person_views (sign-in, device, sign-out)
    oauth            Authlib's AuthorizationServer with what is registered in it
    token_grants, authorization_grants, endpoints, pkce, client_authentication, id_tokens: what is registered
    minting          access and refresh tokens
    realm            what one issuer knows: clients, users, keys, memory
    records, memory  what was issued, and where it is kept under one lock
    pages, answers   HTML, and the ways in which an authorization answer travels

It is not for production: its users, secrets and consent are made up, and it forgets everything when it ends.
"""

from __future__ import annotations

from tokenflow.dev_issuer.clients import KNOWN_CLIENTS, DevClient
from tokenflow.dev_issuer.serving import DevIssuer
from tokenflow.dev_issuer.users import KNOWN_USERS, DevUser

__all__ = ["KNOWN_CLIENTS", "KNOWN_USERS", "DevClient", "DevIssuer", "DevUser"]
