from __future__ import annotations

import pytest

from tokenflow.addresses import is_loopback, leads_inside, origin, unsafe_address


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_this_machine_by_name_or_address(host: str) -> None:
    assert is_loopback(host)
    assert leads_inside(host)


@pytest.mark.parametrize(
    "host", [None, "", "as.example", "localhost.evil.example", "127.0.0.1.evil.example", "8.8.8.8"]
)
def test_anything_else_is_another_machine(host: str | None) -> None:
    assert not is_loopback(host)
    assert not leads_inside(host)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "::",
        "127.1",
        "2130706433",
        "0x7f000001",
        "localhost.",
        "LOCALHOST",
        "idp.localhost",
    ],
)
def test_what_may_be_taken_for_this_machine_or_its_link_leads_inside_and_is_no_loopback(host: str) -> None:  # F-111
    assert leads_inside(host)
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "address",
    [
        "https://as.example",
        "HTTPS://as.example:8443/realm/",
        "https://as.example/t?tenant=x",
        "https://[2001:db8::1]/t",
        "http://localhost:8080/realm",
        "http://127.0.0.1/",
        "http://[::1]:1/",
        "https://münchen.example/",
    ],
)
def test_https_and_loopback_are_safe(address: str) -> None:
    assert unsafe_address(address) is None


HTTPS = "write `https://host/path`"


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("", ("is not an https address", HTTPS)),
        ("as.example", ("is not an https address", HTTPS)),
        ("https:///path", ("is not an https address", HTTPS)),
        ("https://:443/", ("is not an https address", HTTPS)),
        ("ftp://as.example", ("is not an https address", HTTPS)),
        ("javascript:alert(1)", ("is not an https address", HTTPS)),
        ("file:///etc/passwd", ("is not an https address", HTTPS)),
        ("https://as.example:port/", ("is not an address", HTTPS)),
        ("https://as.example:99999/", ("is not an address", HTTPS)),
        ("https://[as.example/", ("is not an address", HTTPS)),
        ("https://as.example/\x1b", ("holds a blank or a control character", "remove it")),
        ("https://as.example/a b", ("holds a blank or a control character", "remove it")),
        ("https://as.example/\n", ("holds a blank or a control character", "remove it")),
        ("https://as\u202e.example/", ("holds a blank or a control character", "remove it")),
        ("https://user@as.example/", ("holds a user name or password", "remove it")),
        ("https://:password@as.example/", ("holds a user name or password", "remove it")),
        ("https://as.example@evil.example/", ("holds a user name or password", "remove it")),
        (
            "http://as.example/",
            ("is plain http to another machine: tokens would travel unprotected", "write `https://`"),
        ),
        (
            "http://localhost.evil.example/",
            ("is plain http to another machine: tokens would travel unprotected", "write `https://`"),
        ),
        ("https://as.example/#x", ("has a query or a fragment", "remove it (RFC 8414 section 2)")),
    ],
)
def test_what_is_unsafe_is_told_with_what_to_write(address: str, wrong: tuple[str, str]) -> None:
    assert unsafe_address(address) == wrong
    assert unsafe_address(address, issuer=True) == wrong


def test_an_issuer_has_no_query() -> None:
    assert unsafe_address("https://as.example/?a=b") is None
    assert unsafe_address("https://as.example/?a=b", issuer=True) == (
        "has a query or a fragment",
        "remove it (RFC 8414 section 2)",
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://API.example/a/b?c#d", "https://api.example"),
        ("https://api.example:443/", "https://api.example"),
        ("HTTPS://api.example:8443", "https://api.example:8443"),
        ("http://localhost:80/", "http://localhost"),
        ("http://localhost:443/", "http://localhost:443"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("https://user:password@api.example/", "https://api.example"),
        ("custom://host:5/", "custom://host:5"),
    ],
)
def test_an_origin_is_scheme_host_and_port(address: str, expected: str) -> None:
    assert origin(address) == expected
