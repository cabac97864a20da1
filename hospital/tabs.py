"""GraphiQL's first tabs: the operations of `graphiql/`, with variables that fit the day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

TABS = Path(__file__).parent / "graphiql"


@contextmanager
def tabs_of(today: date) -> Iterator[Path]:
    """A folder with them, as the router reads it, until the end."""
    days = {
        "today": today.isoformat(),
        "tomorrow": (today + timedelta(days=1)).isoformat(),
        "next_week": (today + timedelta(days=7)).isoformat(),
    }
    with TemporaryDirectory(prefix="hospital-") as folder:
        for path in TABS.iterdir():
            text = path.read_text("utf-8")
            filled = Template(text).substitute(days) if path.suffix == ".json" else text
            (Path(folder) / path.name).write_text(filled, "utf-8")
        yield Path(folder)
