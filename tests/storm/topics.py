"""What a broker says of its topics, asked by a client of its own."""

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient


async def unread(address: str) -> dict[str, int]:
    """By group, how many messages it has not read yet."""
    admin, client = AIOKafkaAdminClient(bootstrap_servers=address), AIOKafkaConsumer(bootstrap_servers=address)
    await admin.start()
    await client.start()
    try:
        found: dict[str, int] = {}
        for group, *_ in await admin.list_consumer_groups():
            read = await admin.list_consumer_group_offsets(group)
            ends = await client.end_offsets(list(read))
            found[group] = sum(ends[part] - max(place.offset, 0) for part, place in read.items())
        return {group: number for group, number in found.items() if number}
    finally:
        await client.stop()
        await admin.close()


async def length(address: str, topic: str) -> int:
    """How many messages it ever had."""
    client = AIOKafkaConsumer(topic, bootstrap_servers=address)
    await client.start()
    try:
        return sum((await client.end_offsets(list(client.assignment()))).values())
    finally:
        await client.stop()
