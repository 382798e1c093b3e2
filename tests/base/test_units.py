from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from simslab.base.errors import BadValue
from simslab.base.units import (
    Bandwidth,
    Duration,
    Frequency,
    Size,
    in_order,
    parse_bandwidth,
    parse_duration,
    parse_frequency,
    parse_size,
)

GHZ = 10**9


@pytest.mark.parametrize(
    ("text", "hz", "cycles"),
    [
        ("89 ns", 3_400_000_000, 303),
        ("0.5 ns", GHZ, 1),
        ("0.4999 ns", GHZ, 0),
        ("14 cycles", 123, 14),
        ("1 cycle", 123, 1),
        ("2.5us", GHZ, 2500),
        ("1e-3 s", GHZ, 1_000_000),
        (0, GHZ, 0),
    ],
)
def test_a_duration_becomes_whole_cycles_half_rounded_up(text, hz, cycles):
    assert parse_duration(text).cycles(hz) == cycles


@given(st.integers(0, 10**9), st.integers(1, 10 * GHZ))
def test_cycles_are_the_nearest_whole_number(picoseconds, hz):
    cycles = Duration(Fraction(picoseconds), "ps").cycles(hz)
    assert abs(Fraction(picoseconds, 10**12) * hz - cycles) <= Fraction(1, 2)


@given(st.integers(0, 10**6), st.sampled_from(["ps", "ns", "us", "ms", "cycles"]))
def test_a_duration_written_out_reads_back_the_same(number, unit):
    duration = Duration(Fraction(number, 8), unit)
    assert parse_duration(str(duration)) == duration


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_size, "32 KiB", 32 * 1024),
        (parse_size, "64 GB", 64 * 10**9),
        (parse_size, "1.5 KiB", 1536),
        (parse_size, "1e6", 10**6),
        (parse_size, 1e6, 10**6),
        (parse_size, 4096, 4096),
        (parse_frequency, "3.4 GHz", 3_400_000_000),
        (parse_bandwidth, "25 GB/s", 25 * 10**9),
        (parse_bandwidth, "12.8GiB/s", None),
    ],
)
def test_quantities_become_whole_base_units(parse, text, value):
    if value is None:
        with pytest.raises(BadValue, match="not a whole number of B/s"):
            parse(text)
    else:
        assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "near"),
    [
        (parse_duration, "89 nS", "ns"),
        (parse_duration, "14 cyles", "cycles"),
        (parse_size, "32 kib", "KiB"),
        (parse_size, "4K", "KiB"),
        (parse_frequency, "3.4 Ghz", "GHz"),
        (parse_bandwidth, "25 Gb/s", "GB/s"),
    ],
)
def test_a_wrong_unit_names_the_near_one(parse, text, near):
    with pytest.raises(BadValue, match="unknown unit") as caught:
        parse(text)
    assert caught.value.near == near
    assert near in caught.value.expected


@pytest.mark.parametrize("value", ["-1 ns", "ns", "", True, None, [], float("nan"), float("inf"), "1e99 s", "1e999 s"])
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(BadValue):
        parse_duration(value)


def test_a_duration_needs_a_unit():
    with pytest.raises(BadValue, match="has no unit"):
        parse_duration(5)


@pytest.mark.parametrize("value", ["-1 KiB", "0.3 B", "1e30 TiB", False])
def test_what_is_no_size_is_refused(value):
    with pytest.raises(BadValue):
        parse_size(value)


@pytest.mark.parametrize("value", [1e300, "1e300", "1e300 KiB"])
def test_a_number_too_large_is_called_so(value):
    with pytest.raises(BadValue, match="too large"):
        parse_size(value)


@pytest.mark.parametrize("value", ["1e9999", "1e-9999 ns", "1e99999999999"])
def test_a_boundless_exponent_is_refused_without_being_computed(value):
    with pytest.raises(BadValue, match="beyond every number of use"):
        parse_duration(value)


def test_a_frequency_of_zero_is_refused():
    with pytest.raises(BadValue, match="stops time"):
        parse_frequency(0)


class Everything(BaseModel):
    latency: Duration
    size: Size
    frequency: Frequency
    bandwidth: Bandwidth | None = None


def test_models_use_the_annotated_types():
    model = Everything.model_validate({"latency": "89 ns", "size": "1 KiB", "frequency": "1 GHz", "bandwidth": "1 B/s"})
    assert (model.latency.cycles(model.frequency), model.size, model.bandwidth) == (89, 1024, 1)
    assert model.model_dump()["latency"] == "89 ns"
    assert Everything.model_validate(model.model_dump()) == model
    assert Everything.model_json_schema()["properties"]["latency"]["type"] == "string"


def test_nanoseconds_are_for_display():
    assert parse_duration("34 cycles").nanoseconds(3_400_000_000) == 10.0
    assert parse_duration("7 ns").nanoseconds(1) == 7.0


def test_values_come_in_order_of_their_sizes_whatever_their_units_and_before_words():
    assert sorted(["120", "30", "x2", "x1.5", "two-socket", "60 ns"], key=in_order) == [
        "x1.5", "x2", "30", "60 ns", "120", "two-socket",
    ]  # fmt: skip
    assert sorted(["0.1 us", "30 ns", "60ns", "1 ms"], key=in_order) == ["30 ns", "60ns", "0.1 us", "1 ms"]
    assert sorted(["1e999 ns", "1 s", "-1e999 ns"], key=in_order) == ["-1e999 ns", "1 s", "1e999 ns"]
    assert sorted(["1 GiB", "+3 MB", "1e3 KiB"], key=in_order) == ["1e3 KiB", "+3 MB", "1 GiB"]
