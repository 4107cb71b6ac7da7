import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from workbench.clusters.process.certificates import make_certificates


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("tls") / "1", "a" * 63)


def test_dates_and_modes(files):
    for role in ("ca", "certificate"):
        found = x509.load_pem_x509_certificate(files[role].read_bytes())
        now = datetime.now(UTC)
        assert abs(found.not_valid_before_utc - (now - timedelta(days=1))) < timedelta(minutes=5)
        assert abs(found.not_valid_after_utc - (now + timedelta(days=30))) < timedelta(minutes=5)
    assert files["key"].parent.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}


def test_the_authority_vouches_for_the_certificate_only(files):
    authority, certificate = (
        x509.load_pem_x509_certificate(files[role].read_bytes()) for role in ("ca", "certificate")
    )
    certificate.verify_directly_issued_by(authority)
    limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not limits.ca
    assert {path.name for path in files["ca"].parent.iterdir()} == {
        "ca.pem",
        "certificate.pem",
        "key.pem",
    }


def handshake(server, client):
    """Return what a server and a client, each with its context, say of their connection."""
    said = {}
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        try:
            with server.wrap_socket(connection, server_side=True) as secure:
                said["server"] = secure.recv(2)
        except OSError as error:
            said["server"] = error

    thread = threading.Thread(target=serve)
    thread.start()
    with socket.create_connection(listener.getsockname()) as plain:
        try:
            with client.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                secure.sendall(b"hi")
        except OSError as error:
            said["client"] = error
    thread.join()
    listener.close()
    return said


def context(protocol, files, *, identified=True):
    made = ssl.SSLContext(protocol)
    made.load_verify_locations(files["ca"])
    made.verify_mode = ssl.CERT_REQUIRED
    if identified:
        made.load_cert_chain(files["certificate"], files["key"])
    return made


def test_both_ends_need_the_certificate(files, tmp_path):
    server = context(ssl.PROTOCOL_TLS_SERVER, files)
    known = context(ssl.PROTOCOL_TLS_CLIENT, files)
    assert handshake(server, known) == {"server": b"hi"}
    unknown = context(ssl.PROTOCOL_TLS_CLIENT, files, identified=False)
    assert isinstance(handshake(server, unknown)["server"], ssl.SSLError)
    other = context(ssl.PROTOCOL_TLS_CLIENT, make_certificates(tmp_path / "2", "b"))
    assert isinstance(handshake(server, other)["client"], ssl.SSLCertVerificationError)
