"""Rules about what a flow's requests say: response types, keys without effect, parameters that would be sent twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.config.rules.rule import Rule, stands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding

_RESPONSE_TYPES: Final = {
    "authorization_code": ("code",),
    "implicit": ("token", "id_token", "id_token token"),
    "hybrid": ("code id_token", "code token", "code id_token token"),
}


def _response_type_fits_flow(facts: Facts) -> Iterator[Finding]:
    allowed = _RESPONSE_TYPES.get(facts.flow or "", ())
    written = facts.text("authorization", "response_type")
    if not allowed or written in allowed:
        return
    choices = ", ".join(f"`{name}`" for name in allowed)
    if written:
        message = f"`{written}` is not what flow {facts.flow} asks for"
        fitting = next(flow for flow, names in _RESPONSE_TYPES.items() if written in names)
        yield ("authorization", "response_type"), message, f"write {choices}, or `flow: {fitting}`"
    elif facts.flow != "authorization_code" and not facts.has("authorization", "response_type"):
        message = f"is missing: flow {facts.flow} must say what to ask for"
        yield ("authorization", "response_type"), message, f"write one of {choices}"


_BROWSER: Final = frozenset({"authorization_code", "implicit", "hybrid"})
# Key -> the flows that read it.
_READERS: Final[dict[tuple[str, ...], frozenset[str]]] = {
    ("redirect_uri",): _BROWSER,
    ("post_logout_redirect_uri",): _BROWSER | {"device_code", "refresh_token"},
    ("authorization",): _BROWSER | {"device_code", "ciba"},
    ("authorization", "binding_message"): frozenset({"ciba"}),
    ("user",): frozenset({"password", "ciba"}),
    ("refresh_token",): frozenset({"refresh_token"}),
    ("subject_token",): frozenset({"token_exchange"}),
    ("actor_token",): frozenset({"token_exchange"}),
    ("requested_token_type",): frozenset({"token_exchange"}),
    ("assertion",): frozenset({"jwt_bearer", "saml2_bearer", "client_credentials"}),
    ("token", "grant_type"): frozenset({"extension"}),
}


def _keys_are_used(facts: Facts) -> Iterator[Finding]:
    flow = facts.flow
    if flow is None:
        return
    for path, readers in _READERS.items():
        if flow in readers or not stands(facts, *path) or flow not in _READERS.get(path[:-1], {flow}):
            continue
        yield path, f"has no effect: flow {flow} does not use it", f"remove it; it is for {', '.join(sorted(readers))}"


_SENT_BY: Final = {
    "grant_type": ("flow",),
    "response_type": ("authorization", "response_type"),
    "response_mode": ("authorization", "response_mode"),
    "client_id": ("client", "id"),
    "client_secret": ("client", "secret"),
    "client_assertion": ("client", "private_key"),
    "redirect_uri": ("redirect_uri",),
    "scope": ("scopes",),
    "audience": ("audience",),
    "resource": ("resource",),
    "prompt": ("authorization", "prompt"),
    "login_hint": ("authorization", "login_hint"),
    "max_age": ("authorization", "max_age"),
    "acr_values": ("authorization", "acr_values"),
    "ui_locales": ("authorization", "ui_locales"),
}
_IN_TOKEN: Final = ("grant_type", "client_secret", "client_assertion", "scope", "audience", "resource")
_IN_AUTHORIZATION: Final = tuple(name for name in _SENT_BY if name not in ("grant_type", "client_secret"))
_MADE_ANEW: Final = ("state", "nonce", "code_challenge", "code_challenge_method")


def _parameters_are_sent_once(facts: Facts) -> Iterator[Finding]:
    for section, names in (("token", _IN_TOKEN), ("authorization", (*_IN_AUTHORIZATION, *_MADE_ANEW))):
        extra = facts.value(section, "extra")
        for name in extra if isinstance(extra, dict) else ():
            key = _SENT_BY.get(name, ())
            if name not in names or (key not in ((), ("flow",)) and not facts.has(*key)):
                continue
            said = f"by `{'.'.join(key)}`" if key else "with a fresh value"
            yield (section, "extra", name), f"is sent already, {said}", "remove it: no parameter is sent twice"


RULES: Final = (
    Rule(
        id="response-type-fits-flow",
        severity="error",
        title="The response type is one of the flow's own",
        why="The flow decides how the answer is read: a code that is exchanged, tokens in the answer itself, or both."
        " implicit and hybrid have several response types, and none can be assumed.",
        write="`code` for authorization_code; `id_token token`, `token` or `id_token` for implicit; `code id_token`,"
        " `code token` or `code id_token token` for hybrid.",
        section="OpenID Connect Core 1.0 section 3, OAuth 2.0 Multiple Response Type Encoding Practices section 5",
        check=_response_type_fits_flow,
    ),
    Rule(
        id="keys-are-used",
        severity="warning",
        title="Every key has an effect in the flow",
        why="A key that the flow does not read is usually a sign that another flow was meant. What a preset lends is"
        " not told, because it serves several flows.",
        write="Remove the key, or write the flow that it is for.",
        section="schemas/README.md",
        check=_keys_are_used,
    ),
    Rule(
        id="parameters-are-sent-once",
        severity="error",
        title="No extra parameter repeats one that is sent anyway",
        why="A request must not hold a parameter twice: servers refuse it, or take either. state, nonce and the PKCE"
        " challenge protect the sign-in only as long as they are made anew each time.",
        write="Use the key that the message names, and remove the extra parameter.",
        section="RFC 6749 sections 3.1 and 3.2",
        check=_parameters_are_sent_once,
    ),
)
