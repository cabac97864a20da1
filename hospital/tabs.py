"""GraphiQL's first tabs: the operations of `graphiql/`, with variables that fit the day."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

TABS = Path(__file__).parent / "graphiql"

_DAYS = {"month_ago": -30, "today": 0, "tomorrow": 1, "next_week": 7, "next_year": 365}
_MIDNIGHTS = {"day_begins": 0, "week_ends": 8}
"""How many days after today; the last whole day of the week is `next_week`."""


@contextmanager
def tabs_of(now: datetime) -> Iterator[Path]:
    """A folder with them, as the router reads it, until the end; `now` in the hospital's zone, whose days are meant."""
    words = _words(now)
    with TemporaryDirectory(prefix="hospital-") as folder:
        for path in TABS.iterdir():
            text = path.read_text("utf-8")
            filled = Template(text).substitute(words) if path.suffix == ".json" else text
            (Path(folder) / path.name).write_text(filled, "utf-8")
        yield Path(folder)


def _words(now: datetime) -> Mapping[str, str]:
    """What the placeholders of variables become: days, and the instants at which days begin there."""
    days = {word: _day(now, ahead) for word, ahead in _DAYS.items()}
    midnights = {word: datetime.combine(_day(now, ahead), time(), now.tzinfo) for word, ahead in _MIDNIGHTS.items()}
    return {word: moment.isoformat() for word, moment in (days | midnights).items()}


def _day(now: datetime, ahead: int) -> date:
    return now.date() + timedelta(days=ahead)
