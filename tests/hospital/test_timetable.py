"""What is done from time to time, over a hospital that is open."""

from datetime import timedelta

from sqlmodel import select

from hospital.timetable import IDEMPOTENCY_KEYS_KEPT, jobs
from subgraphs.kernel.tables import IdempotencyRow


async def test_the_keys_of_payments_are_kept_for_good(runtime):
    base = runtime.domains.billing.base
    old = base.clock.now() - IDEMPOTENCY_KEYS_KEPT - timedelta(days=1)

    async def work(session) -> None:
        for mutation in ("payBill", "refundPayment", "createBill"):
            known = {"caller": "c", "key": "k", "input_hash": "h", "entity_id": "e", "created_at": old}
            session.add(IdempotencyRow(mutation=mutation, **known))

    await base.database.transaction(work)
    [prune] = [job for job in jobs(runtime.domains, runtime.delivery) if job.name == "prune"]
    await prune.work()
    async with base.database.reading() as session:
        left = (await session.exec(select(IdempotencyRow.mutation))).all()
    assert sorted(left) == ["payBill", "refundPayment"]


async def test_payments_without_an_answer_are_asked_about_every_few_seconds(runtime):
    [asking] = [job for job in jobs(runtime.domains, runtime.delivery) if job.name == "billing.ask_about_payments"]
    assert asking.every_seconds <= 10
    assert await asking.work() == 0
