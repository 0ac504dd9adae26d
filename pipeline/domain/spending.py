"""What paid calls cost: the usage that a vendor reports, and the prices it is multiplied with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Vendor = Literal["textract", "gemini"]

_THOUSAND = 1_000
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What one paid call used. `model` is Gemini's model, or Textract's feature (`text` or `layout`).

    `prompt_tokens` include the cached ones, as the vendor counts; `output_tokens` do not include the thoughts.
    """

    vendor: Vendor
    model: str
    pages: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars: per 1,000 pages of Textract, per million tokens of Gemini."""

    textract_text: float
    textract_layout: float
    gemini_input: float
    gemini_cached: float
    gemini_output: float

    def of(self, usage: Usage) -> float:
        """US dollars that this usage costs; thoughts are billed as output."""
        if usage.vendor == "textract":
            price = self.textract_layout if usage.model == "layout" else self.textract_text
            return usage.pages * price / _THOUSAND
        fresh = usage.prompt_tokens - usage.cached_tokens
        output = usage.output_tokens + usage.thought_tokens
        return (
            fresh * self.gemini_input + usage.cached_tokens * self.gemini_cached + output * self.gemini_output
        ) / _MILLION


@dataclass(frozen=True, slots=True)
class Spent:
    """A sum over paid calls, in US dollars, pages and tokens."""

    calls: int = 0
    pages: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Admission:
    """`granted`: ask in `seconds`. Else come back in `seconds`, with `reason`; a slot may be kept till then."""

    granted: bool
    seconds: float
    reason: str = ""
