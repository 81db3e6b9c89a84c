"""A user's price file: what is accepted, what is repaired with a note, what is refused and how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_data import made_table

from groundswell.data.errors import DataError
from groundswell.data.shelf import load

Writer = Callable[..., Path]


def refusal(file: Path, **how: object) -> str:
    """Return the message with which a file is refused, after checking that it has all its parts."""
    with pytest.raises(DataError) as caught:
        load(file, **how)  # type: ignore[arg-type]
    error = caught.value
    assert file.name in error.where
    assert error.expected
    assert error.remedy
    return str(error)


# What is accepted -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["prices.csv", "prices.parquet", "PRICES.CSV"])
def test_date_and_close_make_a_book_of_the_index(made_prices: Writer, name: str) -> None:
    table = made_table()
    book = load(made_prices(table, name))
    assert book.assets == ("index",)
    assert book.prices("index").to_numpy() == pytest.approx(table["close"].to_numpy(), rel=0)
    assert (book.label, book.is_bundled) == (name, False)
    assert f"{book.through:%Y-%m-%d}" == table["date"].iloc[-1]


def test_one_column_per_asset_keeps_every_name(made_prices: Writer) -> None:
    book = load(made_prices(assets=("bond", "index", "gold")))
    assert book.assets == ("index", "bond", "gold")
    assert len(book.returns("gold")) == 299


def test_a_parquet_file_may_hold_its_dates_in_the_index(tmp_path: Path) -> None:
    table = made_table()
    file = tmp_path / "prices.parquet"
    table.assign(date=pd.to_datetime(table["date"])).set_index("date").to_parquet(file)
    assert len(load(file).prices("index")) == 300


def test_columns_beside_the_close_are_left_aside_with_a_note(made_prices: Writer) -> None:
    table = made_table().rename(columns={"date": "Date", "close": "Close"})
    table["Open"] = table["High"] = table["Low"] = 1.0
    table["Adj Close"] = table["Close"] / 2.0
    book = load(made_prices(table))
    assert book.prices("index").iloc[0] == 1_000.0
    assert "prices.csv: prices from 'close'; 'open', 'high', 'low', 'adj_close' not used." in book.notes


def test_volume_and_market_value_in_dollars_replace_the_estimates(made_prices: Writer) -> None:
    table = made_table().assign(volume=400.0, market_value=20_000.0)
    book = load(made_prices(table))
    assert book.daily_volume().to_numpy() == pytest.approx(400.0, rel=1e-12)
    assert book.market_value().to_numpy() == pytest.approx(20_000.0, rel=1e-12)
    assert not any("estimated" in note for note in book.notes)


def test_volume_in_shares_is_kept_apart_with_a_note(made_prices: Writer) -> None:
    table = made_table().assign(volume=3_500_000_000)
    book = load(made_prices(table))
    assert "volume" not in book.series
    assert book.values("share_volume").iloc[-1] == 3.5e9
    first = table["date"].iloc[0]
    assert (
        "prices.csv: 'volume' has 300 values above 10,000, which count shares: kept as share_volume, "
        f"not used as dollars (first {first})."
    ) in book.notes


def test_the_unit_of_volume_is_decided_row_by_row(made_prices: Writer) -> None:
    table = made_table().assign(volume=400.0)
    table.loc[100:, "volume"] = 3.5e9
    table.loc[200, "volume"] = 10_000.0
    book = load(made_prices(table))
    assert book.values("volume").to_list() == [400.0] * 100 + [10_000.0]
    assert (book.values("share_volume") == 3.5e9).all()
    assert any("'volume' has 199 values above 10,000" in note for note in book.notes)


def test_zero_volume_is_unknown_volume(made_prices: Writer) -> None:
    table = made_table().assign(volume=400.0)
    table.loc[:99, "volume"] = 0.0
    volume = load(made_prices(table)).daily_volume()["value"]
    assert volume.iloc[0] != 0.0
    assert (volume.iloc[100:] == 400.0).all()


def test_the_vix_may_double_in_a_day_and_is_no_asset(made_prices: Writer) -> None:
    table = made_table().assign(vix=15.0)
    table.loc[150, "vix"] = 37.0
    book = load(made_prices(table))
    assert book.assets == ("index",)
    assert book.values("vix").max() == 37.0


def test_an_asset_may_begin_later_than_the_index(made_prices: Writer) -> None:
    table = made_table(assets=("index", "bond"))
    table.loc[:99, "bond"] = np.nan
    book = load(made_prices(table))
    assert len(book.prices("bond")) == 200
    assert any("'bond' begins on" in note for note in book.notes)


def test_times_zones_and_compact_dates_are_read_by_their_day(made_prices: Writer) -> None:
    table = made_table()
    stamped = table.assign(date=table["date"] + " 00:00:00-05:00")
    compact = table.assign(date=table["date"].str.replace("-", ""))
    for changed in (stamped, compact):
        assert load(made_prices(changed)).through == pd.Timestamp(table["date"].iloc[-1])


# What is repaired -------------------------------------------------------------------------------


def test_unsorted_rows_are_sorted_before_anything_is_judged(made_prices: Writer) -> None:
    table = made_table()
    friday = table.index[table["date"] == "2015-03-06"][0]
    weekend = table.loc[[friday]].assign(date="2015-03-07")
    table = pd.concat([table.loc[:friday], weekend, table.loc[friday + 1 :]]).drop(index=100)
    ordered = load(made_prices(table))
    shuffled = load(made_prices(table.sample(frac=1.0, random_state=0)))
    pd.testing.assert_series_equal(shuffled.prices(), ordered.prices())
    note, *others = shuffled.notes
    assert note.startswith("prices.csv: rows were not in order of date; sorted (first at ")
    assert tuple(others) == ordered.notes


def test_rows_repeated_exactly_are_dropped(made_prices: Writer) -> None:
    table = made_table()
    book = load(made_prices(pd.concat([table.iloc[:50], table.iloc[48:]])))
    assert len(book.prices()) == 300
    first = table["date"].iloc[48]
    assert f"prices.csv: 2 rows repeated exactly; dropped (first {first})." in book.notes


@pytest.mark.parametrize("price", ["repeated", "empty"])
def test_a_weekend_row_without_a_new_price_is_dropped(made_prices: Writer, price: str) -> None:
    table = made_table()
    friday = table.index[table["date"] == "2015-03-06"][0]
    close = table.loc[friday, "close"] if price == "repeated" else np.nan
    weekend = pd.DataFrame({"date": ["2015-03-07", "2015-03-08"], "close": close})
    book = load(made_prices(pd.concat([table, weekend]).sort_values("date")))
    pd.testing.assert_series_equal(book.prices(), load(made_prices(table)).prices())
    assert any("2 rows of weekends or holidays" in note for note in book.notes)
    assert any("(first 2015-03-07)" in note for note in book.notes)


def test_a_few_empty_prices_are_dropped(made_prices: Writer) -> None:
    table = made_table()
    table.loc[[20, 40, 60], "close"] = np.nan
    book = load(made_prices(table))
    assert len(book.prices()) == 297
    first = table["date"].iloc[20]
    assert f"prices.csv: 3 empty prices in column 'close'; dropped (first {first})." in book.notes


def test_a_short_gap_is_noted(made_prices: Writer) -> None:
    table = made_table().drop(index=range(100, 105))
    book = load(made_prices(table))
    first = made_table()["date"].iloc[100]
    assert f"prices.csv: 5 sessions without a row (first {first})." in book.notes


def test_a_jump_passes_when_it_is_accepted(made_prices: Writer) -> None:
    table = made_table()
    table.loc[150:, "close"] *= 0.5
    book = load(made_prices(table), accept_jumps=True)
    assert any("1 one-day move above 40% in column 'close' accepted" in n for n in book.notes)


# What is refused --------------------------------------------------------------------------------


def test_one_day_with_two_prices_is_refused(made_prices: Writer) -> None:
    table = made_table()
    other = table.iloc[[48]].assign(close=999.0)
    message = refusal(made_prices(pd.concat([table.iloc[:50], other, table.iloc[50:]])))
    day = table["date"].iloc[48]
    assert f"{day} appears in rows 50, 52 with different values" in message
    assert "row 52" in message
    assert "one row per day" in message


@pytest.mark.parametrize(("price", "found"), [(0.0, "is zero"), (-3.5, "is negative (-3.5)")])
def test_a_price_that_is_not_above_zero_is_refused(made_prices: Writer, price: float, found: str) -> None:
    table = made_table()
    table.loc[5, "close"] = price
    message = refusal(made_prices(table))
    assert f"prices.csv, row 7, column 'close': the price of {table['date'].iloc[5]}" in message
    assert found in message


def test_many_missing_prices_are_refused(made_prices: Writer) -> None:
    table = made_table()
    table.loc[range(20, 42, 2), "close"] = np.nan
    message = refusal(made_prices(table))
    assert "prices.csv, row 22, column 'close': 11 sessions have no price" in message
    assert "up to 10 empty ones are dropped" in message


@pytest.mark.parametrize("cell", ["n.a.?", "1,234.5", "$12", "inf"])
def test_a_cell_that_is_no_number_is_refused(made_prices: Writer, cell: str) -> None:
    table = made_table().astype({"close": object})
    table.loc[9, "close"] = cell
    assert f"row 11, column 'close': '{cell}' is not a number" in refusal(made_prices(table))


@pytest.mark.parametrize("factor", [1.41, 1 / 1.41])
def test_a_jump_is_refused_and_the_way_to_accept_it_is_told(made_prices: Writer, factor: float) -> None:
    table = made_table()
    flat = table.assign(close=1_000.0)
    flat.loc[150:, "close"] *= factor
    message = refusal(made_prices(flat))
    assert "row 152, column 'close'" in message
    assert "one-day move above 40%" in message
    assert "accept_jumps=True" in message
    flat.loc[150:, "close"] = 1_000.0 * (1.39 if factor > 1 else 1 / 1.39)
    load(made_prices(flat))


def test_a_weekend_row_with_a_price_of_its_own_is_refused(made_prices: Writer) -> None:
    table = made_table()
    sunday = pd.DataFrame({"date": ["2015-03-08"], "close": [1_234.0]})
    message = refusal(made_prices(pd.concat([table, sunday])))
    assert "row 302: 2015-03-08 is a Sunday" in message
    assert "1234" in message
    assert "remove the rows of weekends" in message


def test_a_holiday_row_with_a_price_of_its_own_is_refused(made_prices: Writer) -> None:
    table = made_table()
    holiday = pd.DataFrame({"date": ["2015-07-03"], "close": [1_234.0]})
    assert "2015-07-03 is a Friday" in refusal(made_prices(pd.concat([table, holiday])))


def test_a_long_gap_is_refused(made_prices: Writer) -> None:
    table = made_table().drop(index=range(100, 106))
    days = made_table()["date"]
    message = refusal(made_prices(table))
    assert f"row 102: 6 sessions are missing between {days[99]} and {days[106]}" in message
    assert "gaps of at most 5 sessions" in message


def test_weekly_prices_are_refused(made_prices: Writer) -> None:
    message = refusal(made_prices(made_table(1_000).iloc[::5]))
    assert "sessions are missing" in message
    assert "weekly or monthly prices cannot be used" in message


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (["date", "clsoe"], "is 'clsoe' the column 'close'?"),
        (["date", "indx"], "is 'indx' the column 'index'?"),
        (["dates", "close"], "is 'dates' the column 'date'?"),
        (["", "close"], "the first column has no name"),
        (["date", "Adj Close"], "is 'adj_close' the column 'close'?"),
    ],
)
def test_a_wrong_column_name_is_refused_with_the_nearest_one(
    made_prices: Writer, names: list[str], hint: str
) -> None:
    message = refusal(made_prices(made_table().set_axis(names, axis="columns")))
    assert "prices.csv, row 1: there is no column" in message
    assert hint in message


def test_a_misspelt_optional_column_is_not_taken_for_an_asset(made_prices: Writer) -> None:
    message = refusal(made_prices(made_table().assign(volumes=400.0)))
    assert "the column 'volumes' looks like 'volume'" in message


def test_close_and_index_together_are_refused(made_prices: Writer) -> None:
    table = made_table()
    assert "a column 'close' and a column 'index'" in refusal(made_prices(table.assign(index=table["close"])))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("date,close\n", "the file has no rows"),
        ("date;close\n2018-01-02;1\n", "is not separated by commas"),
        ("date,close,Close\n2018-01-02,1,1\n", "two columns are called 'close'"),
        ("date,close\n2018-01-02,1,5\n", "row 2: the row has 3 cells"),
        ("date,close\n2018-01-02,1\n2018-01-03\n", "row 3: the row has 1 cell"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str, found: str) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(text)
    assert found in refusal(file)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00d", b"date,close\n2018-01-02,\x80\n"])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(content)
    assert "cannot be read as text" in refusal(file)


def test_a_parquet_file_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "prices.parquet"
    file.write_text("date,close\n")
    assert "cannot be read as parquet" in refusal(file)


@pytest.mark.parametrize("cell", ["05/02/2018", "2018-02-30", "soon", "", "2018-2-5", "2018", "0218-02-05"])
def test_a_date_that_cannot_be_read_is_refused(made_prices: Writer, cell: str) -> None:
    table = made_table()
    table.loc[3, "date"] = cell
    message = refusal(made_prices(table))
    assert f"prices.csv, row 5, column 'date': '{cell}' is not a date" in message
    assert "2018-02-05" in message


def test_fewer_than_128_sessions_are_refused(made_prices: Writer) -> None:
    message = refusal(made_prices(sessions=127))
    assert "there are 127 sessions with a price" in message
    assert "at least 128" in message
    load(made_prices(sessions=128))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "prices.csv")


def test_an_unknown_kind_of_file_is_refused(tmp_path: Path) -> None:
    assert "files of kind '.xlsx' are not read" in refusal(tmp_path / "prices.xlsx")


def test_an_as_of_before_the_file_is_refused(made_prices: Writer) -> None:
    message = refusal(made_prices(), as_of="2014-12-31")
    assert "the index begins on 2015-01-02" in message


def test_negative_volume_and_zero_market_value_are_refused(made_prices: Writer) -> None:
    table = made_table().assign(volume=400.0, market_value=20_000.0)
    table.loc[7, "volume"] = -1.0
    assert "row 9, column 'volume'" in refusal(made_prices(table))
    table.loc[7, ["volume", "market_value"]] = [400.0, 0.0]
    assert "row 9, column 'market_value'" in refusal(made_prices(table))


# What holds for every file ----------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    row=st.integers(0, 139),
    column=st.sampled_from(["date", "index", "bond", "volume"]),
    cell=st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12),
        st.floats().map(str),
        st.dates().map(str),
    ),
)
def test_whatever_a_cell_holds_the_file_is_refused_in_words_or_gives_whole_numbers(
    tmp_path_factory: pytest.TempPathFactory, row: int, column: str, cell: str
) -> None:
    table = made_table(140, assets=("index", "bond")).assign(volume=400.0).astype(object)
    table.loc[row, column] = cell
    file = tmp_path_factory.mktemp("any") / "prices.csv"
    table.to_csv(file, index=False)
    refused, book = "", None
    try:
        book = load(file)
    except DataError as error:
        refused = str(error)
    if book is None:
        assert "prices.csv" in refused
        return
    for frame in (book.market_value(), book.daily_volume()):
        assert np.isfinite(frame.to_numpy()).all()
        assert (frame.to_numpy() > 0.0).all()
    for asset in book.assets:
        assert np.isfinite(book.returns(asset).to_numpy()).all()


def a_file_with_everything_to_repair() -> pd.DataFrame:
    """Return 300 sessions with every repair, most of them late, and a volume that changes its unit."""
    table = made_table(300, assets=("index", "bond")).assign(volume=400.0, market_value=20_000.0)
    table.loc[:9, "bond"] = np.nan
    table.loc[:219, "market_value"] = np.nan
    table.loc[:139, "volume"] = 3.5e9
    table.loc[[185, 250, 251], "volume"] = [3.5e9, 3.5e9, 0.0]
    table.loc[[190, 192, 270], "bond"] = np.nan
    table.loc[[196, 280], "index"] = np.nan
    table.loc[205:, "index"] *= 2.0
    table.loc[230:, "index"] *= 0.5
    idle = table.loc[[170, 240]].assign(date=["2015-09-07", "2015-12-25"], index=np.nan)
    twice = pd.concat([table.loc[[200, 200, 260]], idle])
    return pd.concat([table.drop(index=[175, 210, 211, 275]), twice]).sort_values("date", kind="stable")


def test_every_repair_of_that_file_is_told(made_prices: Writer) -> None:
    notes = " ".join(load(made_prices(a_file_with_everything_to_repair()), accept_jumps=True).notes)
    for told in (
        "3 rows repeated exactly",
        "2 rows of weekends or holidays",
        "3 empty prices in column 'bond'",
        "2 empty prices in column 'index'",
        "2 one-day moves above 40%",
        "4 sessions without a row",
        "'volume' has 142 values",
        "'bond' begins on",
    ):
        assert told in notes
    assert "estimated" not in notes


@pytest.mark.parametrize("order", ["oldest first", "newest first", "mixed"])
@settings(max_examples=8, deadline=None)
@given(position=st.integers(150, 299), later=st.integers(0, 3))
def test_a_file_cut_at_a_day_is_the_file_loaded_and_cut(
    tmp_path_factory: pytest.TempPathFactory, order: str, position: int, later: int
) -> None:
    table = a_file_with_everything_to_repair()
    if order != "oldest first":
        table = table.iloc[::-1] if order == "newest first" else table.sample(frac=1.0, random_state=1)
    day = pd.Timestamp(made_table()["date"].iloc[position]) + pd.Timedelta(days=later)
    folder = tmp_path_factory.mktemp("cut")
    table.to_csv(folder / "prices.csv", index=False)
    cut = load(folder / "prices.csv", as_of=day, accept_jumps=True)
    table[table["date"] <= f"{day:%Y-%m-%d}"].to_csv(folder / "prices.csv", index=False)
    short = load(folder / "prices.csv", accept_jumps=True)
    assert cut.notes == short.notes
    assert set(cut.series) == set(short.series)
    for name in short.series:
        pd.testing.assert_series_equal(cut.values(name), short.values(name))
    pd.testing.assert_frame_equal(cut.daily_volume(), short.daily_volume())
    pd.testing.assert_frame_equal(cut.market_value(), short.market_value())


@pytest.mark.parametrize("file", ["equity/sp500_daily.csv", "etf/spy.csv"])
def test_real_files_load_whole(real_data: Callable[[str], Path], file: str) -> None:
    path = real_data(file)
    rows = len(pd.read_csv(path))
    book = load(path)
    assert len(book.prices("index")) == rows
    assert book.through == pd.Timestamp("2022-12-30")
    assert not any("sorted" in note or "dropped" in note for note in book.notes)
    assert np.isfinite(book.market_value().to_numpy()).all()
    assert 25_000.0 < book.market_value()["value"].iloc[-1] < 40_000.0
