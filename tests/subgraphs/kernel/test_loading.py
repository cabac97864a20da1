import asyncio

import pytest

from subgraphs.kernel.ids import new_id
from subgraphs.kernel.loading import DataLoader, found_by_id


async def test_what_is_found_comes_in_its_place_and_what_is_no_id_is_not_asked_for(base):
    first, second, unknown = new_id(), new_id(), new_id()
    asked: list[list[str]] = []

    async def read(session, ids):
        asked.append(ids)
        return {second: "two", first: "one"}

    found = await found_by_id(base.database, [first, "nobody", unknown, second], read)
    assert found == ["one", None, None, "two"]
    assert await found_by_id(base.database, ["nobody", ""], read) == [None, None]
    assert asked == [[first, unknown, second]]


async def test_who_is_cancelled_takes_nothing_from_who_waits_for_the_same():
    async def load(keys):
        await asyncio.sleep(0.01)
        return keys

    loader = DataLoader(load)
    cancelled, waiting = asyncio.ensure_future(loader.load("a")), asyncio.ensure_future(loader.load("a"))
    await asyncio.sleep(0)
    cancelled.cancel()
    assert await waiting == "a"
    with pytest.raises(asyncio.CancelledError):
        await cancelled
