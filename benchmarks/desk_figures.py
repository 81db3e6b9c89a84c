"""Our figure for a published one: the same quantity on the same evening, central [low, high]. Knows how
each kind of published figure is read off our desk, and says where it cannot be.
"""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pandas as pd

import groundswell as gs
from groundswell.core.draws import spread
from groundswell.data import calendar
from groundswell.data.book import Book
from groundswell.runs.band import estimate
from groundswell.runs.history import lay_out
from groundswell.runs.project import project
from groundswell.runs.replay import Replay, replay
from groundswell.runs.scenarios import alternating
from groundswell.sheets.desk_sheet import Desk
from groundswell.world.roster import actors_for

LABELS = ("calibrated on it", "held out", "cannot be checked with the data here")
TABLE = Path(__file__).with_name("published_desk.csv")
HORIZONS = {"1d": 1, "1w": 5, "2w": 10, "1m": 21}
SCENARIOS = {"flat": "flat", "up": "up2", "down": "down2"}
DAILY_MOVES = {"50bp/day": 0.005, "100bp/day": 0.01}
NO_DATA, NO_BONDS, NOT_MODELLED = "no data", "needs bond prices", "not modelled"
LEVEL_TOLERANCE, SHARE_TOLERANCE = 0.015, 0.15


@dataclasses.dataclass(frozen=True)
class Figure:
    """Ours: central [low, high], or the reason why there is none."""

    central: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


def published(path: Path = TABLE) -> pd.DataFrame:
    """The published figures; empty cells are empty strings, `value` is a float."""
    table = pd.read_csv(path, comment="#", dtype=str, keep_default_na=False)
    return table.assign(
        date=pd.to_datetime(table["date"]),
        value=table["value"].astype(float),
        calibrated=table["calibrated"] == "yes",
    )


class Desks:
    """Our desk on any evening of one book, each worked out once."""

    def __init__(self, book: Book, draws: int = 200) -> None:
        self.book = book
        self.draws = draws
        self.desk = functools.cache(self._desk)
        self.replayed = functools.cache(self._replayed)

    def _desk(self, day: pd.Timestamp) -> Desk:
        return gs.desk(self.book, as_of=day.date(), draws=self.draws)

    def _replayed(self, day: pd.Timestamp) -> tuple[Replay, np.ndarray]:
        """The replay as known that evening, and the factor on the market's size, by member."""
        book = self.book.cut(day)
        history = lay_out(book)
        actors, _ = actors_for(history.assets)
        value, low, high = (float(x) for x in book.market_value().iloc[-1])
        factor = spread(
            "market_value", 1.0, low / value, high / value, 0, np.arange(1 + self.draws), self.draws
        )
        return replay(history, actors, draws=self.draws), factor

    def figure(self, row: pd.Series) -> Figure:
        """Ours for one row of the published table."""
        kind, actor, day = row["kind"], row["actor"], row["date"]
        if kind == "blackout":
            share = calendar.calendar_table(pd.DatetimeIndex([day]))["blackout_share"].iloc[0]
            return Figure(float(share))
        if kind == "z" or "close" in row["scenario"] or "below" in row["scenario"]:
            return Figure(reason=NOT_MODELLED)
        if "risk_parity" in actor and "bond" not in self.book.assets and kind != "size":
            return Figure(reason=NO_BONDS)
        if not self.book.prices("index").index[0] < day <= self.book.through:
            return Figure(reason=NO_DATA)
        if actor == "all":
            return Figure(reason=NOT_MODELLED)
        return getattr(self, f"_{kind}")(row)

    def _position(self, row: pd.Series) -> Figure:
        mine = self.desk(row["date"]).positions.set_index("actor").loc[row["actor"]]
        return Figure(*(float(mine[c]) for c in ("exposure", "low", "high")))

    def _percentile(self, row: pd.Series) -> Figure:
        mine = self.desk(row["date"]).positions.set_index("actor").loc[row["actor"]]
        return Figure(float(mine["percentile"]))

    def _pivot(self, row: pd.Series) -> Figure:
        levels = self.desk(row["date"]).triggers
        mine = levels[levels["rule"].str.contains(f"({row['scenario']} pivot)", regex=False)]
        return Figure(reason="no flip") if mine.empty else Figure(float(mine["level"].iloc[0]))

    def _flow(self, row: pd.Series) -> Figure:
        if row["scenario"] in DAILY_MOVES or row["horizon"] == "2w":
            return self._flow_along_moves(row)
        flows = self.desk(row["date"]).flows.set_index(["actor", "horizon", "scenario"])
        mine = flows.loc[(row["actor"], row["horizon"], SCENARIOS[row["scenario"]])]
        return Figure(*(float(mine[c]) for c in ("flow", "low", "high")))

    def _flow_along_moves(self, row: pd.Series) -> Figure:
        replayed, factor = self.replayed(row["date"])
        sessions = HORIZONS[row["horizon"]]
        if row["scenario"] not in DAILY_MOVES:
            return Figure(reason=NOT_MODELLED)
        # an even number of sessions, so that the average |move| is exactly what the desk assumes
        moves = alternating(sessions + sessions % 2, DAILY_MOVES[row["scenario"]])[:, None]
        orders = project(replayed, moves)[:sessions, replayed.actors.index(row["actor"]), :, 0]
        return Figure(*(float(x) for x in estimate(orders.sum(axis=0) * factor)))

    def _sold(self, row: pd.Series) -> Figure:
        """Traded by the actor from the first session of the window to the date, both included."""
        replayed, factor = self.replayed(row["date"])
        first = int(replayed.history.dates.searchsorted(pd.Timestamp(row["horizon"])))
        traded = replayed.orders[first:, replayed.actors.index(row["actor"])].sum(axis=0)
        return Figure(*(float(x) for x in estimate(traded * factor)))

    def _size(self, row: pd.Series) -> Figure:
        cap = float(self.book.cut(row["date"]).market_value()["value"].iloc[-1])
        table = gs.params().set_index("address").loc[f"{row['actor']}.aum_share"]
        return Figure(*(float(table[c]) * cap for c in ("value", "low", "high")))

    def _per_percent(self, row: pd.Series) -> Figure:
        replayed, factor = self.replayed(row["date"])
        orders = project(replayed, np.array([[np.log(1.01)]]))
        traded = orders[0, replayed.actors.index(row["actor"]), :, 0]
        return Figure(*(float(x) for x in estimate(traded * factor)))


def label(row: pd.Series, figure: Figure) -> str:
    """Which of the three labels the row bears."""
    if row["calibrated"]:
        return LABELS[0]
    return LABELS[2] if figure.central is None else LABELS[1]


def inside(row: pd.Series, figure: Figure) -> bool | None:
    """Whether theirs lies inside our band (levels and shares: within a stated tolerance of ours).

    None where the two are not the same thing: their figure is global, or there is none of ours.
    """
    if figure.central is None or row["region"] == "global":
        return None
    if row["kind"] == "pivot":
        return abs(figure.central / row["value"] - 1) <= LEVEL_TOLERANCE
    if figure.low is None or figure.high is None:
        return bool(abs(figure.central - row["value"]) <= SHARE_TOLERANCE)
    return bool(figure.low <= row["value"] <= figure.high)
