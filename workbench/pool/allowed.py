"""What a text may hold before it comes near a job script: nothing but what stands here.

A job script is read by two programs.  The scheduler takes every line that begins with its word
(``#SBATCH``) for a directive, the shell runs the rest.  So no text may begin a line, and none of
those that end up beside the shell may mean anything to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

LONGEST = 1024

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@:-]{0,127}", re.ASCII)
_JOB = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,14}", re.ASCII)
_MODULE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,127}", re.ASCII)
_WORD = re.compile(r"""[A-Za-z0-9_-][A-Za-z0-9_ .,:=+@/%*()\[\]{}<>|&!"'-]{0,255}""", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@:/-]{0,127}", re.ASCII)
_PATH_REFUSED = frozenset("\"'`$\\#;&|<>*?(){}[]!\t")


def _matching(pattern: re.Pattern[str], holds: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(f"{_shown(text)} was given; allowed are {holds}")
        return text

    return check


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")


name = _matching(_NAME, "letters, digits and _ . + @ : - (a name of the scheduler)")
account = _matching(_ACCOUNT, "letters, digits and _ . + @ : / - (an account or project)")
job_name = _matching(_JOB, "letters, digits and _ . -, a letter first, at most 100 of them")
interface = _matching(_INTERFACE, "the name of a network interface, such as ib0")
module = _matching(_MODULE, "the name of one module, such as cuda/12.4")
word = _matching(_WORD, "one line of the scheduler's own words, such as --gres=gpu:a100:{n}")


def _printable(text: str) -> None:
    """Refuse whatever some program takes for the end of a line, or does not show.

    ``str.isprintable`` is false for every control and separator character (U+0085, U+2028), and
    for those that turn the direction of what is read (U+202E).
    """
    for character in text:
        if not character.isprintable():
            known = unicodedata.name(character, f"character {ord(character):#x}")
            raise ValueError(f"{_shown(text)} was given; it may not hold {known}")
    if len(text) > LONGEST:
        raise ValueError(f"it has {len(text)} characters; at most {LONGEST} are allowed")


def shell_line(text: str) -> str:
    """Check one line of the site's own shell: anything, but one line and no directive.

    SGE looks for ``#$`` in every line of a script, the others in its first comments.
    """
    _printable(text)
    if not text.strip():
        raise ValueError("it is empty")
    if text.lstrip().startswith("#"):
        raise ValueError(f"{_shown(text)} was given; a line may not begin with #")
    if text.rstrip().endswith("\\"):
        raise ValueError(f"{_shown(text)} was given; a line may not go on in the next one")
    return text


def path(text: str) -> str:
    """Check an absolute path that means nothing to a shell but itself."""
    _printable(text)
    found = sorted(_PATH_REFUSED & set(text))
    if found:
        raise ValueError(f"{_shown(text)} was given; a path may not hold {' '.join(found)}")
    if not Path(text).is_absolute():
        raise ValueError(f"{_shown(text)} was given; it has to begin with /")
    return text
