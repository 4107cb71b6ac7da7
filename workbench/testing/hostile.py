"""Texts that would like to become shell, a directive of a scheduler, or another line."""

from __future__ import annotations

_BREAKS = (
    "\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0",
    "\n\n",
)  # fmt: skip
_FOLLOWERS = (
    "touch owned",
    "#SBATCH --partition=other",
    "#$ -q other",
    "#PBS -q other",
    "#BSUB -q other",
)
_SHELL = (
    "$(touch owned)", "`touch owned`", "${HOME}", "$HOME", "$((1+1))", "$'\\n'", ";touch owned",
    "&& touch owned", "|| touch owned", "| sh", "& touch owned", "> owned", ">> owned", "< owned",
    "<(ls)", "a'b", 'a"b', "a'; touch owned; '", 'a"; touch owned; "', "a\\", "a\\\n", "\\\ntouch",
    "!!", "!$", "*", "?", "[a-z]", "{a,b}", "~root", "(touch owned)", "{ touch owned; }", "# x",
    "x # y", "x\t#y", "\\$(id)", "''", '""', "'", '"', "`", "$", "\\", ";", "&", "|",
)  # fmt: skip
_WORDS = (
    "x -p other", "x --export=NONE", "x,y", " x", "x ", "\tx", "", " ", "#", "#SBATCH", "%j",
    "../../etc/passwd", "/etc/passwd", "a/../b", "..", ".", "-", "--", "-rf", "=", "a=b", "@file",
)  # fmt: skip
_UNICODE = (
    "\u202etxt.exe", "\u200bx", "x\u200b", "\ufeffx", "\u00a0x", "x\u00a0-p", "\u3000x",
    "\uff04(id)",
    "\uff1btouch", "\uff02x", "\u2010x", "\u037e", "\u1680x", "\u180ex", "\u00adx", "\ue000",
    "\udc80",
    "\U000e0041", "e\u0301", "\u0430dmin",
)  # fmt: skip
_OTHERS = (
    "\x1b[31mred", "\x07", "\x08", "\x7f", "\x80", "a" * 5000, "a" * 1025, "%s%n", "{0.__class__}",
    "{n}{n}", "<script>", "' OR 1=1 --",
)  # fmt: skip

HOSTILE: tuple[str, ...] = tuple(
    dict.fromkeys(
        [
            *(f"x{broken}{follower}" for broken in _BREAKS for follower in _FOLLOWERS),
            *_BREAKS, *_SHELL, *_WORDS, *_UNICODE, *_OTHERS,
        ]
    )
)  # fmt: skip
