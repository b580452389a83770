"""One HTTP exchange by httpx: bounded in time and size, no redirects, no cookies, errors in tokenflow's words."""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import httpx

import tokenflow
from tokenflow.errors import ProtocolError, SecretError, TransportError
from tokenflow.profile import Reference
from tokenflow.protocol.messages import HttpRequest, HttpResponse
from tokenflow.secret import Secret
from tokenflow.world.references import read_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.profile import HttpOptions

LARGEST: Final = 1024 * 1024  # bytes of a body, decompressed (F-029)
# A loopback address is never reached through a proxy (F-011).
_DIRECT: Final[dict[str, None]] = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None}


def new_client(options: HttpOptions) -> httpx.Client:
    """Make a blocking client.

    Raises:
        SecretError: the CA bundle cannot be read, or a proxy cannot be used.
    """
    arguments = _client_arguments(options)
    with _usable(options):
        return httpx.Client(**arguments)


def new_async_client(options: HttpOptions) -> httpx.AsyncClient:
    """Make an asynchronous client; see `new_client`."""
    arguments = _client_arguments(options)
    with _usable(options):
        return httpx.AsyncClient(**arguments)


@contextmanager
def _usable(options: HttpOptions) -> Iterator[None]:
    """Say which setting it is where httpx cannot make a client of the profile's and the environment's."""
    try:
        yield
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        where = (
            "http.proxy" if options.proxy is not None else "a proxy variable (HTTPS_PROXY, ALL_PROXY) or SSL_CERT_FILE"
        )
        advice = "write `http://host:port`, or unset it"
        raise SecretError(f"{where} cannot be used ({type(error).__name__}); {advice}") from None


def _client_arguments(options: HttpOptions) -> dict[str, Any]:
    proxy = read_reference(options.proxy) if isinstance(options.proxy, Reference) else options.proxy
    return {
        "verify": _tls(options),
        "proxy": proxy.reveal() if proxy is not None else None,
        "mounts": dict(_DIRECT),
        "follow_redirects": False,
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        "headers": {"User-Agent": f"tokenflow/{tokenflow.__version__}", "Accept-Encoding": "identity"},
        "limits": httpx.Limits(keepalive_expiry=30.0),
    }


def _tls(options: HttpOptions) -> ssl.SSLContext | bool:
    if options.ca_bundle is None:
        return True
    try:
        return ssl.create_default_context(cafile=options.ca_bundle)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SecretError(f"http.ca_bundle: {options.ca_bundle} cannot be used: {reason}") from None


def prepared(request: HttpRequest, timeout: float) -> dict[str, Any]:
    """Return the arguments of `httpx.Client.stream` for a request; this is where its secrets leave."""
    headers = {name: _out(value) for name, value in request.headers}
    body = None
    if request.form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode([(name, _out(value)) for name, value in request.form]).encode()
    return {"method": request.method, "url": request.url, "headers": headers, "content": body, "timeout": timeout}


def _out(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


class Body:
    """Collect a body, no more of it than is allowed."""

    def __init__(self, request: HttpRequest, response: httpx.Response) -> None:
        self._host = httpx.URL(request.url).netloc.decode()
        self._response = response
        self._content = bytearray()

    def take(self, chunk: bytes) -> None:
        """Add a piece of it."""
        self._content += chunk
        if len(self._content) > LARGEST:
            raise ProtocolError(f"the answer of {self._host} is larger than {LARGEST // 1024} KiB, and is not read")

    def whole(self) -> HttpResponse:
        """Return the answer as a value."""
        headers = tuple((name.lower(), value) for name, value in self._response.headers.multi_items())
        return HttpResponse(status=self._response.status_code, headers=headers, body=bytes(self._content))


def too_slow(request: HttpRequest, timeout: float) -> TransportError:
    """Build the error of an exchange that took too long."""
    return TransportError(f"{_host(request)} did not answer in full within {timeout:g} s")


def no_time_left(request: HttpRequest) -> TransportError:
    """Build the error of an exchange that cannot begin any more."""
    return TransportError(f"no time is left to ask {_host(request)}", sent=False)


@contextmanager
def translated(request: HttpRequest, timeout: float) -> Iterator[None]:
    """Turn httpx's errors into tokenflow's, which say whether the request can have reached the server."""
    try:
        yield
    except httpx.ConnectTimeout:
        raise TransportError(f"{_host(request)} cannot be reached within {timeout:g} s", sent=False) from None
    except (httpx.ReadTimeout, httpx.WriteTimeout):
        raise too_slow(request, timeout) from None
    except httpx.PoolTimeout:
        raise TransportError(
            f"no connection to {_host(request)} became free within {timeout:g} s", sent=False
        ) from None
    except httpx.ProxyError as error:
        raise TransportError(f"the proxy to {_host(request)} refused: {error}", sent=False) from None
    except httpx.ConnectError as error:
        raise _not_connected(request, error) from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise TransportError(f"{request.url} cannot be asked: {error}", sent=False, permanent=True) from None
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise TransportError(
            f"the connection to {_host(request)} broke before the answer was whole: {reason}"
        ) from None
    except httpx.DecodingError:
        raise ProtocolError(f"the answer of {_host(request)} is compressed wrongly") from None


def _host(request: HttpRequest) -> str:
    return httpx.URL(request.url).netloc.decode()


def _not_connected(request: HttpRequest, error: httpx.ConnectError) -> TransportError:
    host, cause = _host(request), _root(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = "check the clock, or name your authority's certificate with `http: {ca_bundle: PATH}`"
        reason = f"the certificate of {host} is refused: {cause.verify_message}; {hint}"
        return TransportError(reason, sent=False, permanent=True)
    if isinstance(cause, ssl.SSLError):
        plain = cause.reason == "WRONG_VERSION_NUMBER"
        reason = "it answers without TLS; check scheme and port" if plain else str(cause.reason or cause)
        return TransportError(f"no TLS connection to {host}: {reason}", sent=False, permanent=True)
    if isinstance(cause, socket.gaierror):
        return TransportError(f"there is no host {host}; check the address and the network", sent=False)
    reason = (os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else str(cause)).lower()
    return TransportError(f"{host} cannot be reached: {reason}; check the address and the network", sent=False)


def _root(error: BaseException) -> BaseException:
    """Return what began a chain of errors: httpx, httpcore and anyio each wrap what the socket said."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return _root(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
