"""What a consumer of the tests has heard and tried."""

from sqlmodel import select


async def rows(database, table):
    async with database.reading() as session:
        return (await session.exec(select(table))).all()


def hears(kitchen, wanted):
    async def check() -> bool:
        return len(await kitchen.heard()) >= wanted

    return check


def tried(kitchen, what):
    async def check() -> bool:
        return what in kitchen.attempts

    return check


def tried_times(kitchen, wanted):
    async def check() -> bool:
        return len(kitchen.attempts) >= wanted

    return check
