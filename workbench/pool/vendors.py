"""Whose cards a scheduler's name means."""

from __future__ import annotations

from functools import lru_cache

from workbench.pool.plugins import vendors
from workbench.pool.site import Site

UNKNOWN = "unknown"
NO_CARD = "none"


def vendor_of(site: Site, kind: str) -> str:
    """Return the vendor of a kind of card: the site file's, else by the vendors' own words."""
    return site.accelerator(kind).vendor or _by_words(kind)


def model_of(site: Site, kind: str) -> str:
    """Return what to call a kind of card: the site file's name, else the scheduler's model."""
    return site.accelerator(kind).model or kind.rpartition(":")[2].upper()


@lru_cache(256)
def _by_words(kind: str) -> str:
    known = vendors().usable
    family, _, rest = kind.lower().partition(":")
    if family in known:
        return family
    # Where a site's own word stands between: gpu:gputype:a100.
    for said in (kind.lower(), f"{family}:{rest.rpartition(':')[2]}"):
        for name, vendor in known.items():
            if said.startswith(tuple(vendor.words)):
                return name
    return UNKNOWN
