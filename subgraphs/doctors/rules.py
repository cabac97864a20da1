"""What holds for doctors, without any I/O."""

from subgraphs.kernel.errors import InvalidInput

MAXIMUM_NAME = 200


def department_name(text: str) -> str:
    """The name without blanks around it. Raises InvalidInput when nothing is left, or too much."""
    name = text.strip()
    if not 1 <= len(name) <= MAXIMUM_NAME:
        raise InvalidInput(f"A department's name has 1 to {MAXIMUM_NAME} characters.", "name")
    return name
