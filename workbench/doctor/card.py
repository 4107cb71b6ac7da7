"""``python -P -m workbench.doctor.card``: compute a little on the card of the process around it.

In a process of its own: an array library, once loaded, stays in a worker until its end.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from workbench.worker.device import arrays

SIZE = 64


def computed() -> dict[str, Any]:
    """Multiply two small matrices as a kernel would.

    Returns
    -------
    dict
        ``words`` (what computed, and why not the card), ``on_card``, ``right``.
    """
    made = arrays()
    xp = made.xp
    a = xp.reshape(xp.arange(SIZE * SIZE, dtype=xp.float32, device=made.device), (SIZE, SIZE))
    ones = xp.ones((SIZE, SIZE), dtype=xp.float32, device=made.device)
    # Sums of whole numbers below 2**24: exact in single precision.
    first = float((a @ ones)[0, 0])
    return {
        "words": made.words,
        "on_card": not made.words.startswith("numpy"),
        "right": first == SIZE * (SIZE - 1) / 2,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(computed()) + "\n")
