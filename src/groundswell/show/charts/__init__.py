"""The six charts of a sheet, each answering one question with its finding as the title.

| chart | question |
|---|---|
| `flow_ladder` | what is forced next week, at which closing level? |
| `scenario_fan` | how does the flow of a month build up in each scenario? |
| `exposure_history` | how full or empty is each actor against its own past? |
| `crowding` | how much of the trend book flips together? |
| `contributions` | why did the index move? |
| `calendar_strip` | which dates are ahead? |
"""

from groundswell.show.charts.levels import crowding, flow_ladder
from groundswell.show.charts.past import contributions, exposure_history
from groundswell.show.charts.paths import calendar_strip, scenario_fan

__all__ = [
    "calendar_strip",
    "contributions",
    "crowding",
    "exposure_history",
    "flow_ladder",
    "scenario_fan",
]
