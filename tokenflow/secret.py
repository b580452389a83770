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
    """Replace every one of `secrets` that occurs in `text`, however encoded: servers do echo what they were sent."""
    written = {form for secret in secrets if secret for form in _forms(secret.reveal())}
    for form in sorted(written, key=len, reverse=True):
        text = text.replace(form, REDACTED)
    return text


def _forms(value: str) -> set[str]:
    """Return the ways in which a server may write a value: as it is, in a URL, in JSON, in base64."""
    import json  # noqa: PLC0415 - only for what comes back from a server
    from urllib.parse import quote, quote_plus  # noqa: PLC0415

    octets = value.encode(errors="surrogatepass")
    bare = value.removeprefix("Basic ").rstrip("=")
    in_json = [json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
    in_base64 = {form for plain in (octets, quote_plus(octets).encode()) for form in _base64_forms(plain)}
    return ({value, bare, quote(octets), quote(octets, safe=""), quote_plus(octets), *in_json} | in_base64) - {""}


def _base64_forms(content: bytes) -> set[str]:
    """Return how `content` looks inside base64, wherever it begins: of `id:secret`, say."""
    import base64  # noqa: PLC0415 - only for what comes back from a server

    found = set()
    for before in range(3):
        first, end = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"\0" * before + content).decode()[first:end])
    return {form for form in found if len(form) >= _SHORTEST_FORM}


_SHORTEST_FORM = 8  # characters; less may stand there by chance
