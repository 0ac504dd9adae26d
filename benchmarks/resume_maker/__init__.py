"""Fictional resumes with their truth and the true box of every word.

`make_resume(seed, layout, style, locale, occupation)` gives the same bytes for the same arguments;
`iter_resumes(n, seed)` picks them at random. What the arguments may be: LAYOUTS, STYLES, locales(),
occupations(lang).
"""

from .layouts import LAYOUTS
from .library import locales, occupations
from .maker import STYLES, Made, iter_resumes, make_resume

__all__ = ["LAYOUTS", "STYLES", "Made", "iter_resumes", "locales", "make_resume", "occupations"]
