"""The folder on a node's own disk that all workers of a cluster share there."""

from __future__ import annotations

from pathlib import Path

from workbench.home import node_local, place_hash, private_folder


def node_dir(folder: Path, scratch: str | None = None) -> Path:
    """Return the node-local folder of a cluster, the same for all its generations, made 0700.

    Parameters
    ----------
    folder
        The cluster's folder.
    scratch
        Where the site keeps node-local files; environment variables in it are filled in.

    Raises
    ------
    Refused
        When the place in the shared temporary folder is taken by another user.
    """
    return private_folder(node_local(scratch) / f"{folder.name}-{place_hash(folder)}")
