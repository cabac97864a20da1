"""One trace from a client's request to the mail that it brings about, over components, a broker and databases."""

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.util._once import Once
from sqlalchemy import Engine, event

from hospital import tracing
from hospital.components.building import House
from hospital.components.workers import worker
from hospital.names import NAMES
from hospital.settings import read_kafka_settings
from hospital.tracing import trace_with
from subgraphs.kernel.events import topic_of
from subgraphs.notifications.app import CONSUMER
from tests.e2e.hospital import PASSWORD, Gate
from tests.hospital.components.test_components import BOOK, PATIENT, hired, sign_in, slots_of
from tests.services import kafka
from workers.consumer import Consumer
from workers.kafka.dead_letters import DEAD_LETTERS
from workers.kafka.topics import make_topics

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    trace_with(SimpleSpanProcessor(exporter), "test")
    yield exporter
    for name in ("before_cursor_execute", "after_cursor_execute", "handle_error"):
        begun = {"before_cursor_execute": "_statement_begins", "after_cursor_execute": "_statement_ended"}
        event.remove(Engine, name, getattr(tracing, begun.get(name, "_statement_failed")))


@pytest.fixture(scope="module")
def broker(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[kafka.Broker]:
    with kafka.broker(tmp_path_factory.mktemp("kafka")) as opened:
        yield opened


async def test_one_trace_goes_from_the_booking_to_the_mail(
    spans: InMemorySpanExporter, broker: kafka.Broker, gate: Gate, house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOSPITAL_KAFKA", broker.address)
    await make_topics(read_kafka_settings(), [*map(topic_of, NAMES), DEAD_LETTERS])
    made = [worker(House(house.settings, house.components), name, None) for name in ("relay", "copies", "email")]
    runners = [each for one in made for each in one.runners if _is_wanted(each)]
    tasks = [asyncio.create_task(runner.run()) for runner in runners]
    try:
        await _booked(gate, house)
        async with asyncio.timeout(60):
            while not _named("send EMAIL", spans):  # noqa: ASYNC110 (it waits for mail)
                await asyncio.sleep(0.1)
    finally:
        for runner in runners:
            runner.stop()
        await asyncio.gather(*tasks)
        for close in (close for one in made for close in one.closing):
            await close()
    _check_chain(spans)
    assert await _headers_of(broker.address, "hospital.appointments") == {TRACE}


def _is_wanted(runner: object) -> bool:
    return not isinstance(runner, Consumer) or runner._subscriber.consumer == CONSUMER


async def _booked(gate: Gate, house: House) -> None:
    doctor, _ = await hired(gate, house)
    given = {"name": "Huzaifa", "dob": "1990-01-01", "email": "huzaifa@example.com", "password": PASSWORD}
    await gate.ask(PATIENT, input=given)
    patient = await sign_in(gate, "huzaifa@example.com")
    slot, *_ = await slots_of(gate, doctor)
    body = {"query": BOOK, "variables": {"doctor": doctor, "slot": slot}}
    answer = await gate.post(body, patient, traceparent=f"00-{TRACE}-{PARENT}-01")
    assert answer.data["bookAppointment"]["errors"] == []


def _named(name: str, spans: InMemorySpanExporter) -> list[ReadableSpan]:
    """Of the booking's trace."""
    found = [span for span in spans.get_finished_spans() if f"{span.context.trace_id:032x}" == TRACE]
    return [span for span in found if span.name == name]


def _check_chain(spans: InMemorySpanExporter) -> None:
    [request] = _named("request", spans)
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    fetch, *_ = [each for each in _named("fetch appointments", spans) if _is_in(each, request)]
    operation, *_ = [each for each in _named("appointments mutation", spans) if _is_in(each, fetch)]
    inserts = [each for each in _named("INSERT", spans) if _is_in(each, operation)]
    assert any("INTO outbox" in str(each.attributes["db.query.text"]) for each in inserts)
    handled, *_ = [
        each
        for each in _named("handle appointment.booked", spans)
        if each.attributes["messaging.consumer.group.name"] == CONSUMER and _is_in(each, operation)
    ]
    assert [link.context.span_id for link in handled.links] == [operation.context.span_id]
    assert [each for each in _named("send EMAIL", spans) if _is_in(each, handled)]
    said = " ".join(str(dict(span.attributes or {})) + span.name for span in spans.get_finished_spans())
    assert [word for word in ("Huzaifa", "huzaifa@example.com", PASSWORD, "1990") if word in said] == []


def _is_in(span: ReadableSpan, parent: ReadableSpan) -> bool:
    return span.parent is not None and span.parent.span_id == parent.context.span_id


async def _headers_of(address: str, topic: str) -> set[str]:
    """The traces that the headers of its messages name."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        read = await consumer.getmany(timeout_ms=5000)
    finally:
        await consumer.stop()
    return {value.decode().split("-")[1] for records in read.values() for each in records for _, value in each.headers}


async def test_without_a_collector_there_is_no_span_and_what_a_client_names_goes_on(gate: Gate, house: House):
    await _booked(gate, house)
    appointments = house.components.database("appointments")
    async with appointments.reading() as session:
        rows = await (await session.connection()).exec_driver_sql("SELECT body FROM outbox")
        bodies = [body for (body,) in rows]
    await appointments.close()
    assert any(f'"traceparent":"00-{TRACE}-{PARENT}-01"' in body for body in bodies)
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
