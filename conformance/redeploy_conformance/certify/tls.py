"""Certificates for the certifying server: one to be trusted, and those that must not be."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from redeploy_conformance.extras import to_install

if TYPE_CHECKING:
    from trustme import LeafCert

HERE = "127.0.0.1"


class NoCertificateError(Exception):
    """No certificate could be made; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """Server contexts, and the file of the authority that vouches for some.

    ``self_signed`` vouches for itself, a stranger for ``unknown``; ``elsewhere`` names another
    host, ``expired`` is over: for these and ``trusted`` the authority vouches.
    """

    trusted: ssl.SSLContext
    self_signed: ssl.SSLContext
    unknown: ssl.SSLContext
    elsewhere: ssl.SSLContext
    expired: ssl.SSLContext
    authority: Path


def make(folder: Path) -> Certificates:
    """Return new certificates, whose authority goes to a file in ``folder``.

    Raises:
        NoCertificateError: what makes them is not installed.
    """
    try:
        import trustme
    except ImportError:
        raise NoCertificateError(
            f"no certificates can be made without trustme; {to_install('certify')}"
        ) from None
    ours, stranger = trustme.CA(), trustme.CA()
    path = folder / "authority.pem"
    ours.cert_pem.write_to_path(path)
    over = datetime.now(UTC) - timedelta(days=1)
    return Certificates(
        trusted=_context(ours.issue_cert(HERE)),
        self_signed=_self_signed(folder / "self-signed.pem"),
        unknown=_context(stranger.issue_cert(HERE)),
        elsewhere=_context(ours.issue_cert("elsewhere.test")),
        expired=_context(ours.issue_cert(HERE, not_after=over)),
        authority=path,
    )


def _context(certificate: "LeafCert") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _self_signed(path: Path) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HERE)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(secret + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
