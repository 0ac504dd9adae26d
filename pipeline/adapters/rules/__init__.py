"""The profile by rules: lexica, typography and layout, no model and no network.

Data (months, titles, degrees, legal forms, skills, languages, places) lies in `data/`; each module reads one
noun. Facts carry `raw` copied from the lines they cite; nothing is judged here, that is the verify stage's.
"""

from pipeline.adapters.rules.engine import RulesEngine

__all__ = ["RulesEngine"]
