"""Tables that turn a scheduler's words into plain ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from workbench.pool.seen import Refusal

# (words that stand in the message, what it means and what to do, whether asking again is useless)
Refusals = Sequence[tuple[str, str, bool]]


def refused(table: Refusals, err: str) -> Refusal:
    """Translate a message by the first row whose words stand in it.

    Unknown words are shown as they are, and not taken for the last word.
    """
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    words = "\n".join(dict.fromkeys(lines)) or "no reason was given"
    lowered = words.lower()
    for needle, plain, permanent in table:
        if needle.lower() in lowered:
            return Refusal(words, plain, permanent)
    return Refusal(words, f"The scheduler did not take the job: {words}", permanent=False)


def plain(table: Mapping[str, str], words: str, whole: bool = False) -> str:
    """Return the sentence of the first pattern that fits, else the words themselves.

    Parameters
    ----------
    whole
        Whether patterns are for all the words, not for the first one.
    """
    first = words.replace(",", " ").split(maxsplit=1)[0] if words.strip() else ""
    for pattern, sentence in table.items():
        if fnmatchcase(words if whole else first, pattern):
            return sentence
    return words
