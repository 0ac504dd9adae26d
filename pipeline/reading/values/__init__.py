"""Text to facts: dates, contacts, places, names, degrees, skills, spoken languages."""
