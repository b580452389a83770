"""HTTP messages as frozen values, so that no flow knows an HTTP library."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self, final

from tokenflow.secret import REDACTED, Secret

Parameter = tuple[str, "str | Secret"]


def _shown(pairs: tuple[Parameter, ...]) -> str:
    return ", ".join(f"{name}={REDACTED if isinstance(value, Secret) else value}" for name, value in pairs)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request: a form where `form` is not None. `secrets` must not be seen in whatever comes back.

    `repeatable` says that asking twice does no harm; the driver then repeats after a lost answer.
    """

    method: str
    url: str
    headers: tuple[Parameter, ...] = ()
    form: tuple[Parameter, ...] | None = None
    secrets: frozenset[Secret] = frozenset()
    repeatable: bool = True

    def with_header(self, name: str, value: str | Secret) -> Self:
        """Return the request with a header more; a secret one is remembered as such."""
        secrets = self.secrets | {value} if isinstance(value, Secret) else self.secrets
        return replace(self, headers=(*self.headers, (name, value)), secrets=secrets)

    def with_secret(self, secret: Secret) -> Self:
        """Return the request with one secret more that must not be seen in what comes back."""
        return replace(self, secrets=self.secrets | {secret})

    def with_parameters(self, *parameters: Parameter) -> Self:
        """Return the request with form parameters more; those that are secret are remembered as such."""
        secret = {value for _, value in parameters if isinstance(value, Secret)}
        return replace(self, form=(*(self.form or ()), *parameters), secrets=self.secrets | secret)

    def __str__(self) -> str:
        form = f" {_shown(self.form)}" if self.form else ""
        return f"{self.method} {self.url}{form}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer: status, headers by lower-case name, and the body, decompressed and bounded by the driver."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Return a header's first value; `name` in lower case."""
        return next((value for header, value in self.headers if header == name), None)

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    def __reduce__(self) -> Any:
        raise TypeError("an HttpResponse cannot be pickled: its body may hold tokens")
