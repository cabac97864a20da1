"""What a broker says of its topics, asked by a client of its own."""

from aiokafka import AIOKafkaConsumer


async def length(address: str, topic: str) -> int:
    """How many messages it ever had."""
    client = AIOKafkaConsumer(topic, bootstrap_servers=address)
    await client.start()
    try:
        return sum((await client.end_offsets(list(client.assignment()))).values())
    finally:
        await client.stop()
