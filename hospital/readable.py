"""Whether a database answers, for probes."""

from sqlalchemy import text

from router.entrypoints.probes import ReadinessCheck
from subgraphs.kernel.database import Database


def readable(database: Database) -> ReadinessCheck:
    async def check() -> None:
        async with database.reading() as session:
            await (await session.connection()).execute(text("SELECT 1"))

    return check
