from __future__ import annotations

import pytest

from tokenflow.app_types import APP_TYPES
from tokenflow.config.schema import schema

# SPEC section 1, "What an app type means": default flow, other flows, needs client authentication, needs redirect_uri.
TABLE = {
    "web": ("authorization_code", "implicit hybrid ciba", False, True),
    "service": (
        "client_credentials",
        "jwt_bearer saml2_bearer token_exchange refresh_token ciba extension",
        True,
        False,
    ),
    "agent": (
        "password",
        "client_credentials saml2_bearer token_exchange refresh_token ciba extension",
        True,
        False,
    ),
    "desktop": ("authorization_code", "device_code refresh_token", False, False),
    "mobile": ("authorization_code", "device_code refresh_token", False, True),
    "device": ("device_code", "ciba refresh_token", False, False),
    "workload": ("token_exchange", "jwt_bearer client_credentials", False, False),
}


@pytest.mark.parametrize("name", TABLE)
def test_an_app_type_means_what_the_specification_says(name: str) -> None:
    default, others, authenticates, returns = TABLE[name]
    row = APP_TYPES[name]
    assert row.flows == (default, *others.split())
    assert (row.needs_client_authentication, row.needs_redirect_uri) == (authenticates, returns)
    assert row.summary


def test_the_table_and_the_schema_know_the_same_words() -> None:
    properties = schema()["properties"]
    assert list(APP_TYPES) == properties["app_type"]["anyOf"][0]["enum"] == list(TABLE)
    flows = {flow for row in APP_TYPES.values() for flow in row.flows}
    assert flows == set(properties["flow"]["anyOf"][0]["enum"])
