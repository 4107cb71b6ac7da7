"""Many Dask workers in one process, for `many_workers.py`: real workers, one thread for all.

Usage: python swarm.py ADDRESS COUNT NAME [CA CERTIFICATE KEY]
It prints a line when all are connected, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import dask
from distributed import Worker
from distributed.security import Security

from workbench.clusters.process.config import DASK

AT_ONCE = 20


def security(files: list[str]) -> Security:
    """Return what the workers show; nothing without files."""
    if not files:
        return Security(require_encryption=False)
    ca, certificate, key = files
    return Security(
        tls_ca_file=ca, tls_worker_cert=certificate, tls_worker_key=key, require_encryption=True
    )


async def serve(address: str, count: int, name: str, files: list[str]) -> None:
    """Connect the workers, and keep them until nobody needs them."""
    with ThreadPoolExecutor(1) as thread, tempfile.TemporaryDirectory() as folder:
        room = asyncio.Semaphore(AT_ONCE)

        async def connected(number: int) -> Worker:
            async with room:
                return await Worker(
                    address,
                    name=f"{name}-{number}",
                    nthreads=1,
                    executor={"default": thread},
                    memory_limit=0,
                    security=security(files),
                    host="127.0.0.1",
                    dashboard=False,
                    dashboard_address="127.0.0.1:0",
                    local_directory=folder,
                )

        workers = await asyncio.gather(*(connected(number) for number in range(count)))
        print(len(workers), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await asyncio.gather(*(worker.close(nanny=False) for worker in workers))


if __name__ == "__main__":
    # Each of the workers says so when their common loop is late.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    settings = {
        "distributed.comm.require-encryption": len(sys.argv) > 4,
        "distributed.comm.timeouts.connect": "300s",
    }
    dask.config.set({**DASK, **settings})
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]))
