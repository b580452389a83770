"""A value that must not be seen: it leaves only through `reveal()`."""

from __future__ import annotations

import hmac
from typing import Never, Self, final

REDACTED = "***"


@final
class Secret:
    """Hold a secret string so that no repr, format, copy or pickle shows it.

    `reveal()` is the one way out, so that every place where a secret leaves can be found by that name.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({REDACTED})"

    def __str__(self) -> str:
        return REDACTED

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # `surrogatepass`: an environment variable may hold bytes that are no UTF-8.
        mine, others = self.__value.encode(errors="surrogatepass"), other.__value.encode(errors="surrogatepass")
        return hmac.compare_digest(mine, others)

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> Never:
        raise TypeError("a Secret cannot be pickled")


def scrub(text: str, secrets: frozenset[Secret]) -> str:
    """Replace every one of `secrets` that occurs in `text`: servers do echo what they were sent."""
    for secret in sorted(secrets, key=lambda held: len(held.reveal()), reverse=True):
        if secret:
            text = text.replace(secret.reveal(), REDACTED)
    return text
