"""The version that a caller expects a thing to be at."""

from subgraphs.kernel.errors import VersionConflict


def check_version(current: int, expected: int | None) -> None:
    """Raises VersionConflict where another one was expected; None expects nothing."""
    if expected is not None and expected != current:
        raise VersionConflict(current)
