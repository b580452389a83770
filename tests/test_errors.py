from __future__ import annotations

import inspect

import pytest

from tokenflow import errors
from tokenflow.errors import (
    OAuthError,
    Problem,
    ProfileError,
    TokenflowError,
    TransportError,
    VerificationError,
)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(file="p.yaml", message="is empty"), "p.yaml: is empty"),
        (Problem(file="p.yaml", message="is empty", advice="fill it"), "p.yaml: is empty; fill it"),
        (Problem(file="p.yaml", line=3, column=5, message="is wrong"), "p.yaml:3:5: is wrong"),
        (
            Problem(file="p.yaml", line=3, column=5, path="client.id", message="is wrong", advice="mend it"),
            "p.yaml:3:5: client.id: is wrong; mend it",
        ),
        (Problem(file="p.yaml", path="name", message="is taken"), "p.yaml: name: is taken"),
    ],
)
def test_a_problem_says_where_what_and_what_to_do(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_a_profile_error_holds_its_problems_and_says_each_on_a_line() -> None:
    first, second = Problem(file="a", message="one"), Problem(file="b", message="two")
    error = ProfileError([first, second])
    assert error.problems == (first, second)
    assert str(error) == "a: one\nb: two"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OAuthError("invalid_grant"), "invalid_grant"),
        (OAuthError("invalid_grant", "it is old"), "invalid_grant: it is old"),
        (OAuthError("invalid_grant", None, "https://x"), "invalid_grant (see https://x)"),
        (
            OAuthError("invalid_grant", "it is old", "https://x", doing="refreshing", advice="sign in"),
            "refreshing: invalid_grant: it is old (see https://x); sign in",
        ),
    ],
)
def test_an_oauth_error_says_what_was_done_what_the_server_said_and_what_to_do(error: OAuthError, text: str) -> None:
    assert str(error) == text


def test_an_oauth_error_keeps_the_servers_words_apart() -> None:
    error = OAuthError("invalid_grant", "it is old", "https://x", doing="refreshing")
    assert (error.error, error.error_description, error.error_uri) == ("invalid_grant", "it is old", "https://x")


def test_a_transport_error_is_taken_for_sent_and_passing_unless_it_says_otherwise() -> None:
    error = TransportError("no route")
    assert (str(error), error.sent, error.retry_after, error.permanent) == ("no route", True, None, False)
    error = TransportError("untrusted", sent=False, retry_after=2.5, permanent=True)
    assert (error.sent, error.retry_after, error.permanent) == (False, 2.5, True)


def test_a_verification_error_says_what_was_expected() -> None:
    assert str(VerificationError("aud", "a", "b")) == "aud is b, expected a"
    error = VerificationError("aud", "a", "b", doing="verifying the ID token")
    assert str(error) == "verifying the ID token: aud is b, expected a"
    assert (error.claim, error.expected, error.actual) == ("aud", "a", "b")


def test_the_tree_at_the_top_of_the_module_is_the_one_in_it() -> None:
    classes = [
        name
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, Exception) and value is not TokenflowError
    ]
    assert all(issubclass(getattr(errors, name), TokenflowError) for name in classes)
    drawn = [line.split()[1] for line in (errors.__doc__ or "").splitlines() if "──" in line]
    assert sorted(drawn) == sorted(classes)
