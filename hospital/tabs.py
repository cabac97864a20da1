"""GraphiQL's first tabs: the operations of `graphiql/`, with variables that fit the day."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

TABS = Path(__file__).parent / "graphiql"

_DAYS_AHEAD = {"month_ago": -30, "today": 0, "tomorrow": 1, "next_week": 7, "next_year": 365}


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
    """What the variables' placeholders become: days, and the instants at which today begins and ends."""
    today = now.date()
    days = {word: (today + timedelta(days=ahead)).isoformat() for word, ahead in _DAYS_AHEAD.items()}
    day_begins = datetime.combine(today, time(), now.tzinfo)
    day_ends = datetime.combine(today + timedelta(days=1), time(), now.tzinfo)
    return days | {"day_begins": day_begins.isoformat(), "day_ends": day_ends.isoformat()}
