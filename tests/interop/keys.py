"""Keys and certificates of the test servers and their clients, made anew for every run and worth nothing after it.

For each of JWKS: `NAME.private.jwk`, `NAME.public.jwk`, `NAME.private.pem` (PKCS #8). For each certificate, a `.pem`
and its `.key`: `ca`; `server`, `client`, `other-client`, issued by it; `selfsigned`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

if TYPE_CHECKING:
    from pathlib import Path

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

JWKS: Final = {
    "op-rs256": "RS256",
    "op-ps256": "PS256",
    "op-es256": "ES256",
    "op-eddsa": "Ed25519",
    "client-rs256": "RS256",
    "client-es256": "ES256",
    "client-ps256": "PS256",
    "client-ed25519": "Ed25519",
    "assertion-issuer": "RS256",
}
_PRIVATE_MEMBERS: Final = {"d", "p", "q", "dp", "dq", "qi"}
_LIFETIME: Final = timedelta(days=3650)
_CLOCK_SKEW: Final = timedelta(minutes=5)
_ORGANISATION: Final = "Tokenflow Test"


def generate_keys(folder: Path) -> None:
    """Write every key and certificate into `folder`, which exists; private ones are readable by their owner alone."""
    for name, algorithm in JWKS.items():
        _write_jwk(folder, name, algorithm)
    ca_key = _rsa_key()
    ca = _certificate(_name("test-ca"), ca_key, extensions=[*_CA_EXTENSIONS])
    _write_certificate(folder, "ca", ca, ca_key)
    for name, subject, usage, names in _LEAVES:
        leaf_key = _rsa_key()
        extensions = [_plain(x509.ExtendedKeyUsage([usage])), _plain(x509.SubjectAlternativeName(names))]
        leaf = _certificate(subject, leaf_key, extensions=extensions, issuer=(ca, ca_key))
        _write_certificate(folder, name, leaf, leaf_key)
    own_key = _rsa_key()
    own = _certificate(_name("self-signed-client"), own_key, extensions=[_IS_CA])
    _write_certificate(folder, "selfsigned", own, own_key)


def _write_jwk(folder: Path, name: str, algorithm: str) -> None:
    key, members = _key_for(algorithm)
    # PyJWT adds key_ops, which must not stand beside `use` (RFC 7517, section 4.3).
    private = {n: v for n, v in members.items() if n != "key_ops"} | {"kid": name, "alg": algorithm, "use": "sig"}
    public = {n: v for n, v in private.items() if n not in _PRIVATE_MEMBERS}
    _write_private(folder / f"{name}.private.jwk", json.dumps(private, indent=1).encode())
    _write_private(folder / f"{name}.private.pem", _pem(key))
    (folder / f"{name}.public.jwk").write_text(json.dumps(public, indent=1))


def _key_for(algorithm: str) -> tuple[PrivateKey, dict[str, Any]]:
    match algorithm:
        case "ES256":
            curve_key = ec.generate_private_key(ec.SECP256R1())
            return curve_key, ECAlgorithm.to_jwk(curve_key, as_dict=True)
        case "Ed25519":
            edwards_key = ed25519.Ed25519PrivateKey.generate()
            return edwards_key, OKPAlgorithm.to_jwk(edwards_key, as_dict=True)
        case _:
            rsa_key = _rsa_key()
            return rsa_key, RSAAlgorithm.to_jwk(rsa_key, as_dict=True)


def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _certificate(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    *,
    extensions: list[tuple[x509.ExtensionType, bool]],
    issuer: tuple[x509.Certificate, rsa.RSAPrivateKey] | None = None,
) -> x509.Certificate:
    """Return a certificate for `subject`, signed by `issuer` or, without one, by itself."""
    issuer_name, signing_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signing_key, SHA256())


def _plain(extension: x509.ExtensionType) -> tuple[x509.ExtensionType, bool]:
    return extension, False


def _name(common_name: str, *, organisation: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(attributes)


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_certificate(folder: Path, name: str, certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> None:
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    _write_private(folder / f"{name}.key", _pem(key))


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


_IS_CA: Final = (x509.BasicConstraints(ca=True, path_length=None), True)
# Python 3.13 verifies strictly: a CA has to say that it signs certificates.
_CA_EXTENSIONS: Final = (
    _IS_CA,
    (
        x509.KeyUsage(
            key_cert_sign=True,
            crl_sign=True,
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        ),
        True,
    ),
)
_LEAVES: Final = (
    (
        "server",
        _name("127.0.0.1"),
        ExtendedKeyUsageOID.SERVER_AUTH,
        [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")],
    ),
    (
        "client",
        _name("mtls-client", organisation=_ORGANISATION),
        ExtendedKeyUsageOID.CLIENT_AUTH,
        [x509.DNSName("mtls-client.test")],
    ),
    (
        "other-client",
        _name("someone-else", organisation=_ORGANISATION),
        ExtendedKeyUsageOID.CLIENT_AUTH,
        [x509.DNSName("other.test")],
    ),
)
