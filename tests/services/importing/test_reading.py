"""CSV files as clinics export them."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.rows import RawRow, Unreadable
from bot.services.importing.reading import CsvFile

KNOWN = ("patient_id", "phone", "given_name")


def opened(body: bytes | str) -> CsvFile:
    raw = body if isinstance(body, bytes) else body.encode()
    return CsvFile(io.BytesIO(raw), known=KNOWN, required=("patient_id", "phone"))


def rows(body: bytes | str) -> list[RawRow]:
    return list(opened(body).rows())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, end: str) -> None:
    body = end.join(delimiter.join(row) for row in (("patient_id", "phone"), ("P1", "1"), ("P2", "2"))) + end
    assert [(row.line, row.cells) for row in rows(body)] == [
        (2, {"patient_id": "P1", "phone": "1"}),
        (3, {"patient_id": "P2", "phone": "2"}),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    file = opened("patient_id,phone,given_name\nP1,1,José\n".encode(encoding))
    assert next(file.rows()).cells["given_name"] == "José"
    assert (file.remark is not None) == (encoding == "cp1252")


def test_a_letter_cut_in_two_by_the_block_is_still_utf8() -> None:
    body = "patient_id,phone,given_name\n" + "P1,1,José\n" * 20_000
    for shift in range(4):
        assert opened(" " * shift + body).remark is None


def test_the_line_is_the_one_where_the_row_starts() -> None:
    body = 'patient_id,phone,given_name\nP1,1,"two\nlines"\n\nP2,2,b\n"P3","3","x\n\ny"\nP4,4,d\n'
    assert [row.line for row in rows(body)] == [2, 5, 6, 9]


def test_a_quote_never_closed_costs_one_row() -> None:
    body = 'patient_id,phone\nP1,1\nP2,"2\n' + "".join(f"P{n},{n}\n" for n in range(3, 300))
    found = rows(body)
    assert [row.line for row in found if row.fault] == [3]
    assert len(found) == 299
    assert found[-1].cells["patient_id"] == "P299"


def test_a_quote_closed_by_the_next_row_does_not_make_one_row_of_two() -> None:
    # Read leniently, the first two rows are one of three cells: P1 with the phone of P2.
    found = rows('given_name,patient_id,phone\n"Ana,P1,1\n"Bea",P2,2\n"Cleo\nC.",P3,3\n')
    assert [(row.line, bool(row.fault), row.cells.get("phone")) for row in found] == [
        (2, True, None),
        (3, False, "2"),
        (4, False, "3"),
    ]


def test_a_quote_never_closed_near_the_end_of_the_file_too() -> None:
    found = rows('patient_id,phone\nP1,1\nP2,"2\nP3,3\nP4,4\n')
    assert [(row.line, bool(row.fault)) for row in found] == [(2, False), (3, True), (4, False), (5, False)]


def test_a_line_without_an_end_costs_one_row() -> None:
    found = rows("patient_id,phone\nP1," + "9" * 500_000 + "\nP2,2\n")
    assert [(row.line, bool(row.fault)) for row in found] == [(2, True), (3, False)]


def test_ragged_rows() -> None:
    long, short, padded = rows("patient_id,phone\nP1,1,2,3\nP2\nP3,3,,\n,\n \n")
    assert "cells: 4" in (long.fault or "")
    assert (short.fault, short.cells) == (None, {"patient_id": "P2"})
    assert "cells: 1" in (short.warning or "")
    assert (padded.fault, padded.warning) == (None, None)


def test_rows_of_nothing_are_left_out() -> None:
    assert [row.line for row in rows("patient_id,phone\n,\n\nP1,1\n,,\n")] == [4]


def test_header_in_any_case_among_other_columns_after_blank_lines() -> None:
    (row,) = rows("\n\nNotes,Patient ID ,PHONE,patient-id\nx,P1,1,P9\n")
    assert (row.line, row.cells) == (4, {"patient_id": "P1", "phone": "1"})


def test_a_column_named_twice_is_told() -> None:
    assert opened("patient_id,phone,Phone\nP1,1,2\n").remark == "column phone: named more than once, the first is taken"
    assert opened("patient_id,phone,x,x\nP1,1,2,3\n").remark is None


def test_what_excel_writes_above_the_header() -> None:
    (row,) = rows("sep=;\npatient_id;phone\nP1;1\n")
    assert (row.line, row.cells) == (3, {"patient_id": "P1", "phone": "1"})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"PK\x03\x04rest of a workbook", "save it as CSV"),
        ("patient_id,phone\nP1,1\n".encode("utf-16-le"), "UTF-16 without"),
        (b"P1,601-555-0142\n", "no column patient_id, phone"),
        (b"patient_id;given_name\nP1;Ana\n", "no column phone"),
        (b"\xef\xbb\xbf\n\n", "no header"),
    ],
)
def test_files_that_cannot_be_taken(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why) as caught:
        opened(body)
    assert "\n" not in str(caught.value)
    assert "555" not in str(caught.value)


@given(body=st.binary(max_size=300))
def test_any_bytes_give_rows_or_a_reason(body: bytes) -> None:
    try:
        found = rows(b"patient_id,phone\n" + body)
    except Unreadable:
        return
    lines = [row.line for row in found]
    assert lines == sorted(set(lines))


@given(st.data())
def test_torn_quotes_never_lose_more_than_the_rows_they_stand_in(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 120))
    torn = data.draw(st.sets(st.integers(1, count), max_size=3))
    lines = [f'P{n},"{n}' if n in torn else f"P{n},{n}" for n in range(1, count + 1)]
    found = {row.cells.get("patient_id") for row in rows("patient_id,phone\n" + "\n".join(lines) + "\n")}
    # Two torn quotes close each other, so what lies between them may be taken for one row; the rest must be there.
    spared = {f"P{n}" for n in range(1, count + 1) if not torn or n < min(torn) or n > max(torn)}
    assert spared <= found


def test_the_file_can_be_gone_through_again() -> None:
    file = opened("patient_id,phone\nP1,1\n")
    assert list(file.rows()) == list(file.rows())


def test_large_files_are_streamed() -> None:
    letters = random.Random(1)
    body = "patient_id,phone\n" + "".join(f"P{n},{letters.random()}\n" for n in range(50_000))
    stream = opened(body).rows()
    assert next(stream).line == 2
    stream.close()
