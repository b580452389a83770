"""The table of commands: name, the module that holds it, one line of help."""

from __future__ import annotations

from typing import Final, NamedTuple


class Command(NamedTuple):
    """One row."""

    module: str
    summary: str


COMMANDS: Final[dict[str, Command]] = {
    "run": Command("run_command", "get a valid token the way the profile says, verify it, deliver it"),
    "token": Command("token_command", "print a valid access token and nothing else"),
    "validate": Command("validate_command", "check profiles and report every problem at once"),
    "explain": Command("explain_command", "show the effective profile, each value's origin, and every request"),
    "init": Command("init_command", "write a commented profile, from flags or from questions on a terminal"),
    "inspect": Command("inspect_command", "decode a JWT; with --profile, verify it"),
    "dev-issuer": Command("dev_issuer_command", "run an authorization server for development on 127.0.0.1"),
    "schema": Command("schema_command", "print the JSON Schema of profiles"),
}
