"""What the import of another system's facts gives back, batch by batch."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Imported:
    """By import key: the ids of what is now here (made just now or before), and why the rest was refused."""

    ids: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    made: int = 0
