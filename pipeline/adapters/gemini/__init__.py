"""The profile by Gemini: the model points at numbered lines, code copies them and brings them into form.

`groups` say what is asked for together and which lines are shown, `answers` what may be answered, `client`
speaks to the API, `engine` asks, repairs and falls back, `facts` makes facts of pointers with the rules'
normalisers. `prompt.md` is what the model is told.
"""

from pipeline.adapters.gemini.engine import GeminiEngine

__all__ = ["GeminiEngine"]
