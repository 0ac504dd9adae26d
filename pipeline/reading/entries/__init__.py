"""A section's entries, by the surest reader that knows them: a table, labelled records, sentences, headings.

`tables` · `records` · `sentences`, `told` (degrees), `told_jobs`                  what says itself what it is
`marks` → `starts` → `cuts` → `slots` → `work`, `education`                        a heading and its body
`lists`, `items`, `volunteering`                                                   whatever else a section lists
"""
