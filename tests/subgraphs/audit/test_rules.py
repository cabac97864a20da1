import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.audit.rules import canonical_json, chained_hash

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.none() | names | st.integers(-(2**53) + 1, 2**53 - 1)


def test_names_are_in_the_order_of_their_utf_16_code_units():
    fields = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert list(json.loads(canonical_json(fields))) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_texts_are_escaped_as_rfc_8785_escapes_them():
    written = canonical_json({"": '\u20ac$\u000f\u000aA\'\u0042"\\\\"/\u0000\t\b\f\r\u007f\u2028'})
    expected = '{"":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\\u0000\\t\\b\\f\\r\u007f\u2028"}'
    assert written == expected.encode()


def test_numbers_and_nulls_are_written_bare():
    assert canonical_json({"b": None, "a": -12, "c": 0}) == b'{"a":-12,"b":null,"c":0}'


@pytest.mark.parametrize("value", [True, 1.0, 2**53, -(2**53), "\ud800", b"x", ["x"]])
def test_what_has_no_one_form_is_refused(value):
    with pytest.raises(ValueError):
        canonical_json({"a": value})


@given(st.dictionaries(names, values))
def test_what_is_written_reads_back_and_has_one_form(fields):
    written = canonical_json(fields)
    assert json.loads(written) == fields
    assert canonical_json(dict(reversed(list(fields.items())))) == written


def test_the_hash_is_of_the_previous_one_and_the_fields():
    assert chained_hash("0" * 64, {"b": 1, "a": "ü"}) == sha256(b"0" * 64 + '{"a":"ü","b":1}'.encode()).hexdigest()
