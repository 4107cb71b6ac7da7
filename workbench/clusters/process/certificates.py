"""Certificates of one generation: made here, known to nobody else, and short-lived."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from distributed.security import Security

from workbench.home import private_folder

# A node's clock may be seconds, or a wrong time zone, behind.
BEFORE = timedelta(days=1)
AFTER = timedelta(days=30)
FILES = {"ca": "ca.pem", "certificate": "certificate.pem", "key": "key.pem"}


def make_certificates(folder: Path, name: str) -> dict[str, Path]:
    """Write an authority, a certificate and its key (all 0600) into `folder` (0700).

    The authority's own key is thrown away: nobody can add another certificate.  Scheduler,
    workers and clients share the one certificate, as they share the folder.

    Returns
    -------
    dict
        ``{ca, certificate, key}``: the files.
    """
    private_folder(folder)
    authority, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    issuer, subject = _named(f"workbench {name} authority"), _named(f"workbench {name}")
    ca = (
        _builder(issuer, issuer, authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority, hashes.SHA256())
    )
    hosts = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    both_ends = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    certificate = (
        _builder(subject, issuer, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both_ends), critical=False)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(identifier, critical=False)
        .sign(authority, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = {role: folder / file for role, file in FILES.items()}
    _write(files["ca"], ca.public_bytes(Encoding.PEM))
    _write(files["certificate"], certificate.public_bytes(Encoding.PEM))
    _write(files["key"], secret)
    return files


def cluster_security(files: dict[str, Path]) -> Security:
    """Return the certificates in Dask's words, for every role."""
    pair = {"cert": str(files["certificate"]), "key": str(files["key"])}
    roles = {
        f"tls_{role}_{kind}": pair[kind]
        for role in ("scheduler", "worker", "client")
        for kind in pair
    }
    return Security(tls_ca_file=str(files["ca"]), require_encryption=True, **roles)


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + AFTER)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(file: Path, data: bytes) -> None:
    with open(os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as out:
        out.write(data)
