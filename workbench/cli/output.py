"""What commands print, and how errors become words, JSON and exit codes."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ParamSpec

import click

from workbench.errors import NotFound, ParameterError, Refused, WorkbenchError, shortened
from workbench.home import workbench_home
from workbench.unforeseen import explained

P = ParamSpec("P")

# What people read in place of a value that nobody gave.
NOT_SET = "not set"
FAILED = 1
INTERRUPTED = 130
EXIT_CODES: tuple[tuple[type[WorkbenchError], int], ...] = (
    (ParameterError, 2),
    (NotFound, 3),
    (Refused, 4),
)


def exit_code(error: WorkbenchError) -> int:
    """Return the exit code that stands for an error."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), FAILED)


def emit(document: Any, as_json: bool, human: Callable[[], object]) -> None:
    """Print one JSON document on standard output, or let `human` print for people."""
    if as_json:
        click.echo(json.dumps(document, allow_nan=False, ensure_ascii=False))
    else:
        human()


def emit_error(document: dict[str, Any], as_json: bool) -> None:
    """Print an error: its message on standard error, or ``{"error": ...}`` on standard output."""
    emit(
        {"error": document}, as_json, lambda: click.echo(f"Error: {document['message']}", err=True)
    )


def translated(function: Callable[P, int | None]) -> Callable[P, None]:
    """Turn what a command returns, or raises, into its exit code and its words.

    The command has a flag ``as_json``; it returns an exit code, or None for 0.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = function(*args, **kwargs) or 0
        except WorkbenchError as error:
            emit_error(error.to_json(), bool(kwargs.get("as_json")))
            code = exit_code(error)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except (click.exceptions.Exit, click.Abort, BrokenPipeError):
            # Whoever read the output has seen enough: click ends quietly.
            raise
        except Exception as error:
            told = explained(error, functools.partial(_kept, error))
            emit_error(told.to_json(), bool(kwargs.get("as_json")))
            code = exit_code(told)
        click.get_current_context().exit(code)

    return call


def _kept(error: Exception) -> str:
    """Keep the traceback in a file, for us and not for whoever typed the command; say which."""
    try:
        path = workbench_home() / "unexpected.log"
        with path.open("a", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
    except (OSError, Refused):
        traceback.print_exception(error)
        return "the lines above"
    return f"the end of {path}"


@contextlib.contextmanager
def _quoted_shortly() -> Iterator[None]:
    """Have click quote the beginning of what was typed where that is very long."""
    try:
        yield
    except click.UsageError as error:
        whole = error.format_message()
        if shortened(whole) == whole:
            raise
        raise click.UsageError(shortened(whole), error.ctx) from error


class Commands(click.Group):
    """A group that tells wrong usage, too, as JSON where ``--json`` was given."""

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        """Read the words of the command line; see :meth:`click.Command.make_context`."""
        with _quoted_shortly():
            return super().make_context(*given, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; see :meth:`click.Group.invoke`."""
        with _quoted_shortly():
            return super().invoke(ctx)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; see :meth:`click.Command.main`."""
        given = sys.argv[1:] if args is None else list(args)
        as_json = "--json" in given and standalone_mode
        try:
            found = super().main(
                given, prog_name, complete_var, standalone_mode and not as_json, **extra
            )
        except click.ClickException as error:
            if not as_json:
                raise
            message = error.format_message()
            emit_error({"code": "usage", "message": message, "fields": []}, as_json)
            sys.exit(error.exit_code)
        except click.Abort:
            if not as_json:
                raise
            sys.exit(INTERRUPTED)
        if as_json:
            sys.exit(found if isinstance(found, int) else 0)
        return found
