"""Status changes as server-sent events and as parts: whoever loses the connection goes on where they were."""

import asyncio
import random
from typing import Any

import pytest

from tests.e2e.hospital import Hospital
from tests.e2e.test_streams import CHANGES_OF_24_VISITS, cursor, logged, told, visits
from tests.router.entrypoints.reading import PARTS, SSE, Streamed, streamed

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("streams")]

CHANGES = """subscription {{ appointmentStatusChanged(after: "{after}", doctorId: "{doctor}") {{
  cursor previousStatus status appointment {{ id }}
}} }}"""


async def change_of(stream: Streamed, accept: str) -> Any:
    response = (await stream.event())[1] if accept == SSE else (await stream.part())["payload"]
    assert "errors" not in response
    return response["data"]["appointmentStatusChanged"]


@pytest.mark.parametrize("accept", [SSE, PARTS])
async def test_a_response_cut_again_and_again_misses_and_repeats_nothing(hospital: Hospital, accept: str):
    patient, doctor, after = await hospital.patient(), await hospital.doctor(), await cursor(hospital)
    slots = (await hospital.slots(doctor, days=5))[:24]
    writing = asyncio.create_task(visits(hospital, [patient], doctor, slots))
    heard: list[Any] = []
    cuts, chance = 0, random.Random(7)
    while len(heard) < CHANGES_OF_24_VISITS:
        query = CHANGES.format(after=after, doctor=doctor.id)
        async with streamed(
            hospital.session, f"{hospital.url}/graphql", query, accept, authorization=hospital.desk
        ) as stream:
            for _ in range(chance.randint(1, 5)):
                change = await change_of(stream, accept)
                heard.append(told(change))
                after = change["cursor"]
                if len(heard) == CHANGES_OF_24_VISITS:
                    break
            stream.response.close()
            cuts += 1
    await writing
    assert cuts > 5
    assert heard == await logged(hospital, doctor)
