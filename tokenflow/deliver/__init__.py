"""Deliveries: what `tokenflow run` does with a token. One file a kind, and the table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from tokenflow.deliver import file, stdout
from tokenflow.deliver.formats import FORMATS
from tokenflow.errors import DeliveryError

if TYPE_CHECKING:
    from tokenflow.profile import DeliveryTarget, Profile
    from tokenflow.tokens import TokenSet


class Delivery(Protocol):
    """A kind of delivery."""

    def deliver(self, target: DeliveryTarget, text: str) -> None:
        """Hand `text` to the target. Raises DeliveryError."""

    def lacks(self, target: DeliveryTarget, text: str) -> bool:
        """Tell whether the target does not have `text` yet."""


DELIVERIES: Final[dict[str, Delivery]] = {"stdout": stdout, "file": file}


def deliver_all(profile: Profile, token: TokenSet, *, new: bool) -> list[str]:
    """Deliver to every target where the token is new, or which lacks it; return where it went.

    Raises:
        DeliveryError: a target did not take it; the others were served all the same.
    """
    done: list[str] = []
    failures: list[str] = []
    for target in profile.deliver:
        delivery = DELIVERIES[target.to]
        text = FORMATS[target.format](token, profile.name)
        if not new and not delivery.lacks(target, text):
            continue
        try:
            delivery.deliver(target, text)
        except DeliveryError as error:
            failures.append(str(error))
        else:
            done.append(target.path or target.to)
    if failures:
        raise DeliveryError("; ".join(failures))
    return done
