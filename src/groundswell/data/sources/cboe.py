"""Cboe: histories of its volatility indices, keyless, from its content network.

`source_id` in the catalog: `index:VIX` for the file `VIX_History.csv`.

A file has a header `DATE,OPEN,HIGH,LOW,CLOSE`, or `DATE` and one column of any name: values are taken
by position, the last column is the close. Days are written month first. The file grows after the
close or only next morning, so its last row may be the day before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

import pandas as pd

from groundswell.data.http.service import Body, Caller, Service
from groundswell.data.sources.decoding import day_of, lines_of, number_of, refusal, text_of
from groundswell.data.sources.source import Delivery, Job, Wanted, observations

SERVICE = Service(
    key="cboe",
    title="Cboe Global Markets",
    address="https://cdn.cboe.com",
    rate=(4, 1.0),
    documentation="https://www.cboe.com/tradable_products/vix/vix_historical_data/",
)

INDEX_PATH = "/api/global/us_indices/daily_prices/{name}_History.csv"
OF_DAY = ("OPEN", "HIGH", "LOW", "CLOSE")


class Cboe:
    """Plans the requests to Cboe."""

    service = SERVICE

    def jobs(self, wanted: Sequence[Wanted], caller: Caller, today: date) -> list[Job]:
        """Return one job per index history: the file is whole each time, so corrections are seen."""
        return [Job(SERVICE, (each.entry.id,), partial(_index, each)) for each in wanted]


SOURCE = Cboe()


def _index(wanted: Wanted, caller: Caller) -> Delivery:
    name = wanted.entry.source_id.removeprefix("index:")
    body = caller.get(SERVICE, INDEX_PATH.format(name=name), {}, expect="csv")
    return Delivery(read_index(body, wanted.entry.id), bodies=(body,))


def read_index(body: Body, series: str) -> pd.DataFrame:
    """Return the closes of an index history as observations, in the units of the file.

    Raises:
        SourceError: the columns are others, a date or number cannot be read, or there is no row.
    """
    lines = lines_of(text_of(body, series))
    first_row, header = next(lines)
    named = [name.upper() for name in header]
    if named[0] != "DATE" or (tuple(named[1:]) != OF_DAY and len(named) != 2):
        raise refusal(
            body,
            f"the columns are {', '.join(header)[:200]}",
            series=series,
            row=first_row,
            expected="DATE, OPEN, HIGH, LOW, CLOSE, or DATE and one column of values",
        )
    days, values, rows = [], [], []
    for row, cells in lines:
        if len(cells) != len(header):
            raise refusal(
                body,
                f"the row has {len(cells)} cells",
                series=series,
                row=row,
                expected=f"{len(header)} cells, as in the header",
            )
        days.append(day_of(cells[0], body, series=series, row=row))
        values.append(number_of(cells[-1], body, series=series, row=row, column=header[-1]))
        rows.append(row)
    if not rows:
        raise refusal(body, "the history has no row", series=series, row=first_row, expected="rows of days")
    return observations(series, days, values, rows)
