import math
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as some

from subgraphs.kernel.errors import Refused
from subgraphs.patients import rules

AROUND = rules.Surroundings(datetime(2026, 3, 2, 6, tzinfo=UTC), ZoneInfo("Asia/Kolkata"), "IN")
KEEPING = rules.Surroundings(AROUND.now, AROUND.zone)


@given(
    some.sampled_from(["name", "email", "phone", "address"]),
    some.text(some.characters(exclude_categories=[]), max_size=300),
)
def test_any_text_is_taken_or_refused_in_words(field, text):
    for around in (AROUND, KEEPING):
        kept = kept_or_refused(field, text, around)
        assert kept is None or ("\x00" not in kept and kept.encode().decode() == kept)
        assert kept is None or kept in text or field == "phone"


def kept_or_refused(field, text, around):
    """What is kept; None where it is refused as the input's fault."""
    try:
        return rules.checked({field: text}, around)[field]
    except Refused as refused:
        problems = refused.problems
    assert [(problem.code, problem.field) for problem in problems] == [("INVALID_INPUT", (field,))]
    return None


@given(some.sampled_from(["weight", "height"]), some.floats())
def test_a_measure_is_finite_positive_and_bounded(field, value):
    try:
        kept = rules.checked({field: value}, AROUND)[field]
    except Refused:
        assert not 0 < value <= rules.MAXIMUM_CENTIMETRES
    else:
        assert math.isfinite(kept)
        assert 0 < kept <= rules.MAXIMUM_KILOGRAMS


@given(some.dates(), some.one_of(some.none(), some.datetimes(timezones=some.just(UTC))))
def test_a_life_that_is_taken_is_no_longer_than_from_1850_to_now(dob, deceased_at):
    try:
        rules.checked({"dob": dob, "deceased_at": deceased_at}, AROUND)
        rules.check_life(dob, deceased_at, AROUND)
    except Refused:
        return
    assert rules.EARLIEST_BIRTH <= dob <= date(2026, 3, 2)
    if deceased_at is not None:
        assert deceased_at <= AROUND.now
        assert dob <= deceased_at.astimezone(AROUND.zone).date()


@given(some.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_a_number_with_its_country_is_kept_in_e164_and_found_in_every_spelling(region):
    number = phonenumbers.example_number(region)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for form in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        written = phonenumbers.format_number(number, form)
        assert rules.checked({"phone": written}, AROUND) == {"phone": e164}
        assert rules.phone_digits(e164) in rules.sought(written, "IN").phones


@given(some.text(some.characters(exclude_categories=[]), max_size=200))
def test_any_search_is_understood(search):
    found = rules.sought(search, "IN")
    assert (found is None) == (not search.strip())


@pytest.mark.parametrize(
    ("phone", "reachable"),
    [("+919876543210", "+919876543210"), ("+1 202-456-1111", "+12024561111"), ("555-1234", None), (None, None)],
)
def test_only_a_number_with_its_country_is_given_to_those_who_send(phone, reachable):
    assert rules.reachable_phone(phone) == reachable
