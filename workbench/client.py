"""A plain Dask client for a cluster of the workbench."""

from __future__ import annotations

import time

from distributed import Client
from distributed.security import Security

from workbench.clusters.cluster import Cluster, Connection
from workbench.clusters.handle import get
from workbench.errors import Refused

POLL_S = 0.05


def connect(cluster: str = "local", timeout_s: float = 30.0) -> Client:
    """Return a Dask client of a running cluster.

    Parameters
    ----------
    cluster
        Name of the cluster.
    timeout_s
        How long to wait for a cluster that is just starting, and for its answer.

    Raises
    ------
    NotFound
        When there is no such cluster.
    Refused
        When it does not run, or cannot be reached.
    """
    deadline = time.monotonic() + timeout_s
    connection = _connection(get(cluster), deadline)
    remaining = max(1.0, deadline - time.monotonic())
    try:
        return Client(
            connection.address,
            security=connection_security(connection),
            timeout=remaining,
            name="workbench",
        )
    except (OSError, TimeoutError) as error:
        raise Refused(
            f"Cluster {cluster} runs at {connection.address} but cannot be reached from here: "
            f"{error}. See workbench cluster logs {cluster}",
            code="unreachable",
        ) from error


def connection_security(connection: Connection) -> Security:
    """Return the certificates of a cluster in Dask's words: encryption always."""
    return Security(
        tls_ca_file=str(connection.ca),
        tls_client_cert=str(connection.certificate),
        tls_client_key=str(connection.key),
        require_encryption=True,
    )


def _connection(cluster: Cluster, deadline: float) -> Connection:
    cluster.wait_running(max(0.0, deadline - time.monotonic()))
    while (connection := cluster.connection()) is None:
        if time.monotonic() > deadline:
            # The cluster ended in the meantime: this says how.
            cluster.wait_running(0.0)
            raise Refused(f"Cluster {cluster.name} gave no address in time.", code="unreachable")
        time.sleep(POLL_S)
    return connection
