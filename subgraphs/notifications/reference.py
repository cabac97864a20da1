"""The lists in docs/templates.md: `python -m subgraphs.notifications.reference` writes them anew."""

from pathlib import Path

from subgraphs.notifications.rules import KINDS, VARIABLES
from subgraphs.notifications.templates import FILTERS

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"
BEGINS, ENDS = "<!-- generated: begin -->\n", "<!-- generated: end -->\n"


def reference() -> str:
    events = [
        f"| `{event}` | {', '.join(kind.channels)} | {', '.join(f'`{name}`' for name in kind.variables)} |"
        for event, kind in KINDS.items()
    ]
    variables = [f"| `{name}` | {each.meaning} | `{each.sample}` |" for name, each in VARIABLES.items()]
    lines = [
        *("| event | channels | variables |", "|---|---|---|", *events, ""),
        *("| variable | is | in a preview |", "|---|---|---|", *variables, ""),
        f"Filters: {', '.join(f'`{name}`' for name in FILTERS)}.",
    ]
    return "\n".join(lines) + "\n"


def written_anew(page: str) -> str:
    before, _, rest = page.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}{reference()}{ENDS}{after}"


if __name__ == "__main__":
    PAGE.write_text(written_anew(PAGE.read_text("utf-8")), "utf-8")
