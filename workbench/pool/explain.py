"""What a refusal leaves open: which accounts somebody may use instead."""

from __future__ import annotations

from dataclasses import replace

from workbench.pool.commands import asking, run
from workbench.pool.scheduler import JobRequest, Scheduler
from workbench.pool.seen import Refusal
from workbench.pool.snapshot import user_name

TIMEOUT_S = 5.0


def explained(scheduler: Scheduler, err: str, request: JobRequest) -> Refusal:
    """Translate a refusal; where an account is wrong, ask for those that are right and name them.

    This asks the scheduler's accounting once, for a few seconds at most.
    """
    refusal = scheduler.refusal(err)
    command = scheduler.accounts_command(refusal.words, user_name())
    if command is None:
        return refusal
    answer = run(command, asking(scheduler), timeout_s=TIMEOUT_S)
    if not answer.good:
        return refusal
    yours = scheduler.parse_accounts(answer.out, request.partition)
    named = f"Account {request.account}" if request.account else "No account, or one by default,"
    these = ", ".join(yours) if yours else "none"
    return replace(
        refusal,
        plain=(
            f"{named} may not use partition {request.partition}, or is not yours. These of yours "
            f"may: {these}. Name one as `account` in the site file."
        ),
    )
