"""The engine's Python: found, inspected and made, always apart from QGIS's own."""

from .inspection import EngineReport
from .making import SetUpPlan
from .pythons import environment_folders, find_engine_python
from .tasks import CheckTask, SetUpTask, set_up_plan
from .upkeep import EngineUpkeep

__all__ = [
    "CheckTask",
    "EngineReport",
    "EngineUpkeep",
    "SetUpPlan",
    "SetUpTask",
    "environment_folders",
    "find_engine_python",
    "set_up_plan",
]
