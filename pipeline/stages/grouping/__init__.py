"""The parts of `GroupSections`: layout, titles, headings, furniture, language."""
