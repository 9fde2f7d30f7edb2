"""The scorer: the only part of the detection stack that reads the truth."""

from __future__ import annotations

from detect.score.scorecard import event_ledger, scorecard
from detect.score.settings import ScoreSettings

__all__ = ["ScoreSettings", "event_ledger", "scorecard"]
