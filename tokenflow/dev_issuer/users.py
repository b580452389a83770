"""The people, and the service user, who can sign in at the development issuer."""

from __future__ import annotations

from dataclasses import dataclass

from tokenflow.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class DevUser:
    """A user: `name` is typed at sign-in, `subject` stands in tokens."""

    name: str
    password: Secret
    subject: str
    full_name: str
    email: str

    def is_known_as(self, hint: str) -> bool:
        """Tell whether a `login_hint` means this user."""
        return hint.casefold() in {self.name.casefold(), self.email.casefold(), self.subject.casefold()}

    def claims(self, scope: str) -> dict[str, str | bool]:
        """Return what `scope` lets an application know (OpenID Connect Core, section 5.4)."""
        granted = scope.split()
        claims: dict[str, str | bool] = {"sub": self.subject}
        if "profile" in granted:
            claims |= {"name": self.full_name, "preferred_username": self.name}
        if "email" in granted:
            claims |= {"email": self.email, "email_verified": True}
        return claims


KNOWN_USERS = (
    DevUser(
        name="alice",
        password=Secret("alice-password"),
        subject="user-alice",
        full_name="Alice Example",
        email="alice@example.com",
    ),
    DevUser(
        name="bob",
        password=Secret("bob-password"),
        subject="user-bob",
        full_name="Bob Example",
        email="bob@example.com",
    ),
    DevUser(
        name="svc@example.com",
        password=Secret("svc-password"),
        subject="user-svc",
        full_name="Service User",
        email="svc@example.com",
    ),
)
