"""Going through many operations, a few over each schema, and showing what fails as a test to paste.

Each schema has the next seed, and its operations come of that: what fails is found again with it.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.router.oracle import operations, schemas
from tests.router.oracle.composer import Composer
from tests.router.oracle.operations import Operation
from tests.router.oracle.shrink import Failing
from tests.router.oracle.subject import Subject


@dataclass(frozen=True)
class Found:
    """An operation that was tried, and what was wrong with the answer, if anything was."""

    subject: Subject
    operation: Operation
    differences: list[str]

    @property
    def failing(self) -> Failing:
        return Failing(self.subject, self.operation)


async def hunt(count: int, seed: int, composer: Composer, over_each: int = 50) -> AsyncIterator[Found]:
    for number in range(count):
        own, place = seed + number // over_each, number % over_each
        if place == 0:
            subject = schemas.draw(own, composer)
        operation = operations.draw(subject.schema, random.Random(f"{own} {place}"))
        yield Found(subject, operation, await subject.differences(operation))


def as_test(case: Failing, differences: list[str]) -> str:
    """To paste into a test of this folder, with `composer` as its fixture."""
    subject = case.subject
    lines = [
        "async def test_it_answers_as_the_whole_schema_does(composer: Composer) -> None:",
        *(f"    # {line}" for difference in differences for line in difference.splitlines()[:3]),
        f"    sdls = {dict(subject.sdls)!r}",
        f"    chances = Chances({subject.chances.null}, {subject.chances.error})",
        f"    subject = Subject(sdls, composer.compose(sdls), {subject.seed}, chances, {subject.labels!r})",
        f"    operation = Operation({case.operation.text!r}, {dict(case.operation.variables)!r})",
        "",
        "    assert await subject.differences(operation) == []",
    ]
    return "\n".join(lines)
