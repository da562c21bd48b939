"""Certificates for the certifying server: one that nobody vouches for, and one with an authority."""

import ssl
import subprocess
from pathlib import Path


class NoCertificateError(Exception):
    """No certificate could be made; the message says why."""


def self_signed(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return a server context with a certificate for 127.0.0.1, and the file that vouches for it.

    Who is given the file trusts the server; to everybody else it is self-signed.

    Raises:
        NoCertificateError: there is no ``openssl`` to make one with.
    """
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    try:
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
                *("-keyout", str(key), "-out", str(certificate), "-days", "2"),
                *("-subj", "/CN=127.0.0.1"),
                *("-addext", "subjectAltName=IP:127.0.0.1"),
            ],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoCertificateError(
            f"the TLS cases need the openssl command: {error}"
        ) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate
