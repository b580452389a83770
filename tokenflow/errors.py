"""The errors that tokenflow raises: one class for each different reaction of a caller.

    TokenflowError
    ├── ProfileError         mend the profile                           exit 2
    ├── SecretError          provide the secret it refers to            exit 2
    ├── OAuthError           read what the authorization server said    exit 1
    ├── ProtocolError        the server's answer cannot be used         exit 1
    ├── InteractionRequired  let a person sign in                       exit 4
    ├── TransportError       try again later                            exit 5
    ├── VerificationError    do not trust what came                     exit 6
    ├── StoreError           make the store usable                      exit 7
    └── DeliveryError        make the target usable                     exit 7

Messages are for people: what was being done, to what, what was found, what to do. None holds a secret or a token.
The exit codes are the command line's (`tokenflow.cli`); they stand here so that tree and table are read together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in one profile, with the place where it stands.

    `line` and `column` count from 1; 0 says that the problem is the file's as a whole. `path` is the key's dotted
    path (`client.secret`), empty for the whole document. `excerpt` is the source line, for the caret under it; it is
    empty where the line may hold a secret; `caret` is the column of the problem in it, where that is not `column`
    because secrets before it are hidden.
    """

    file: str
    line: int = 0
    column: int = 0
    path: str = ""
    message: str
    advice: str = ""
    severity: Literal["error", "warning"] = "error"
    rule: str = ""
    excerpt: str = ""
    caret: int = 0

    def __str__(self) -> str:
        place = self.file if not self.line else f"{self.file}:{self.line}:{self.column}"
        subject = f"{self.path}: " if self.path else ""
        advice = f"; {self.advice}" if self.advice else ""
        return f"{place}: {subject}{self.message}{advice}"


class TokenflowError(Exception):
    """Anything that tokenflow raises on purpose."""


class ProfileError(TokenflowError):
    """The profile cannot be used; `problems` says where and why, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SecretError(TokenflowError):
    """A reference (`{env: ...}`, `{file: ...}`, ...) gave no value."""


class OAuthError(TokenflowError):
    """The authorization server refused, in the words of RFC 6749 section 5.2 (or 4.1.2.1)."""

    def __init__(
        self,
        error: str,
        error_description: str | None = None,
        error_uri: str | None = None,
        *,
        doing: str = "",
        advice: str = "",
    ) -> None:
        self.error = error
        self.error_description = error_description
        self.error_uri = error_uri
        said = f"{error}: {error_description}" if error_description else error
        more = f" (see {error_uri})" if error_uri else ""
        before = f"{doing}: " if doing else ""
        after = f"; {advice}" if advice else ""
        super().__init__(f"{before}{said}{more}{after}")


class ProtocolError(TokenflowError):
    """The server answered, but not as the standard says, and nothing can be made of it."""


class InteractionRequired(TokenflowError):  # noqa: N818 - the public name
    """A person must sign in, and none could be asked, or none came before the deadline."""


class TransportError(TokenflowError):
    """The server was not reached, or kept failing until the tries or the time ran out.

    `sent` is False where the request certainly never reached the server: only then may a request that spends
    something (a refresh token, a code) be repeated blindly. `retry_after` is the server's own wish, in seconds.
    `permanent` says that no repetition helps: a certificate that is not trusted, an address of no known kind.
    """

    def __init__(
        self, message: str, *, sent: bool = True, retry_after: float | None = None, permanent: bool = False
    ) -> None:
        self.sent = sent
        self.retry_after = retry_after
        self.permanent = permanent
        super().__init__(message)


class VerificationError(TokenflowError):
    """What came is not what was asked for: `claim` was `actual` where `expected` had to be."""

    def __init__(self, claim: str, expected: str, actual: str, *, doing: str = "") -> None:
        self.claim = claim
        self.expected = expected
        self.actual = actual
        found = f"{claim} is {actual}, expected {expected}"
        super().__init__(f"{doing}: {found}" if doing else found)


class StoreError(TokenflowError):
    """The store could not be read, written or locked; what it held is as it was."""


class DeliveryError(TokenflowError):
    """A token was obtained and stored, but a target did not take it."""
