"""What billing keeps of appointments and patients."""

from decimal import Decimal

from subgraphs.billing.tables import AppointmentCopyRow, PatientCopyRow
from subgraphs.kernel.ids import new_id
from tests.subgraphs.billing.conftest import codes


async def test_an_appointment_is_kept_as_it_last_was_in_whatever_order_its_events_come(house):
    patient = await house.patient()
    visit = await house.visit(patient, version=3, status="COMPLETED")
    for version, status in ((2, "CHECKED_IN"), (1, "PENDING"), (3, "COMPLETED")):
        await house.visit(patient, visit, version=version, status=status)
    [row] = await house.rows(AppointmentCopyRow)
    assert (row.version, row.status, row.consultation_fee) == (3, "COMPLETED", Decimal("100.00"))


async def test_mail_goes_where_the_patient_is_reached_at_the_billing(house):
    patient = await house.patient()
    visit = await house.visit(patient)
    await house.patient(patient, email="new@example.com", phone=None)
    assert (await house.bill(visit))["patientEmail"] == "new@example.com"
    await house.patient(patient, email="newer@example.com")
    fact = (await house.outbox())[-1][1]
    assert (fact["patient_email"], fact["patient_phone"]) == ("new@example.com", None)
    [row] = await house.rows(PatientCopyRow)
    assert (row.version, row.email) == (3, "newer@example.com")


async def test_an_appointment_of_a_patient_who_is_not_heard_of_yet_waits_for_them(house):
    patient = new_id()
    visit = await house.visit(patient)
    assert codes(await house.do("createBill", appointmentId=visit, drugsAmount="1")) == ["NOT_FOUND"]

    async def bring(keys) -> None:
        await house.patient(patient)

    house.base.arrivals.bring = bring
    await house.bill(visit)
