"""What the language has and this version does not: refused by name and place, all of it at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tokenflow import Profile, ProfileError, load_profile
from tokenflow.profile import (
    Assertion,
    Authorization,
    Client,
    DeliveryTarget,
    ForeignToken,
    StoreChoice,
    VerifyPolicy,
)
from tokenflow.secret import Secret
from tokenflow.unbuilt import refuse_unbuilt

if TYPE_CHECKING:
    from pathlib import Path

GOOD = Profile(app_type="service", issuer="https://as.test", client=Client(id="c", secret=Secret("s")))


def test_what_is_built_passes() -> None:
    refuse_unbuilt(GOOD)
    refuse_unbuilt(replace(GOOD, deliver=(DeliveryTarget(to="stdout"), DeliveryTarget(to="file", path="p"))))


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"flow": "device_code"}, "app_type", "flow device_code"),
        ({"dpop": True}, "dpop", "DPoP"),
        ({"verify": VerifyPolicy(access_token="introspection")}, "verify.access_token", "introspection"),
        ({"store": StoreChoice(kind="redis")}, "store", "store redis"),
        ({"store": StoreChoice(key=Secret("k"))}, "store.key", "encryption of the store"),
        ({"authorization": Authorization(details=({"type": "x"},))}, "authorization.details", "authorization_details"),
        ({"client": Client(id="c", auth_method="private_key_jwt")}, "client.auth_method", "private_key_jwt"),
        ({"client": Client(id="c", private_key=Secret("k"))}, "client.private_key", "authentication by private_key"),
        ({"client": Client(id="c", certificate="c.pem")}, "client.certificate", "authentication by certificate"),
        (
            {"client": Client(id="c", secret=Secret("s"), certificate="c.pem")},
            "client.certificate",
            "authentication by certificate",
        ),
        ({"assertion": Assertion(source=Secret("a"))}, "assertion", "`assertion`"),
        ({"subject_token": ForeignToken(ambient="auto")}, "subject_token", "`subject_token`"),
        ({"deliver": (DeliveryTarget(to="command"),)}, "deliver[0].to", "delivery to command"),
        ({"deliver": (DeliveryTarget(to="stdout", format="netrc"),)}, "deliver[0].format", "format netrc"),
    ],
)
def test_what_is_not_built_is_named(changes: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        refuse_unbuilt(replace(GOOD, **changes))
    (problem,) = caught.value.problems
    assert problem.path == path
    assert problem.message == f"{said} is not built yet in this version"


def test_every_such_key_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "version: 1\napp_type: desktop\nflow: device_code\nissuer: https://as.test\nclient: {id: c}\ndpop: true\n"
        "store: {kind: redis, url: {env: R}}\ndeliver:\n- {to: command, run: [x]}\n"
    )
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    places = [(problem.line, problem.column, problem.path) for problem in caught.value.problems]
    assert places == [(3, 7, "flow"), (9, 8, "deliver[0].to"), (6, 7, "dpop"), (7, 8, "store")]
