"""Whose matter it is that the provider refuses something."""

from bot.alarms import Alarm, Alarms
from bot.errors import AccountRefused, NotAccepted, OutOfCredits


def alarm_of(error: NotAccepted) -> Alarm | None:
    """What the operator has to mend before anything like it is accepted; None: it passes."""
    match error:
        case OutOfCredits():
            return Alarm.CREDITS
        case AccountRefused():
            return Alarm.KEY
        case _:
            return None


def raise_for_account(alarms: Alarms, error: AccountRefused, source: str) -> None:
    """The account was refused at this source."""
    alarm = alarm_of(error)
    assert alarm is not None
    alarms.raise_(alarm, source, reason=str(error), status=error.status)


def clear_for_account(alarms: Alarms, source: str) -> None:
    """The account was taken at this source: neither its key nor its balance is the trouble."""
    for alarm in (Alarm.KEY, Alarm.CREDITS):
        alarms.clear(alarm, source)
