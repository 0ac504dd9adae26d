"""The pipeline: what one resume goes through, from a file to a verified, searchable profile.

    StoredUpload                 an original in the object store, a row and a job in PostgreSQL
      │ stages/read_text         pages of lines of words, each with its box             → Text
      │ stages/group_sections    columns, reading order, headings, sections             → SectionedText
      │ stages/normalise_profile facts that point at lines, by rules or a model         → Profile (a draft)
      │ stages/verify_profile    every fact checked against its lines; date arithmetic  → Profile
      │ stages/embed_chunks      chunks of sections and their vectors                   → EmbeddedChunks
      ▼ stages/save_resume       everything in one fenced transaction                   → a Verdict

The nouns are in `domain`, the verbs in `stages` (plain classes), whoever knows a vendor in `adapters`. Only
`orchestration` knows Ray: its `Dispatcher` claims jobs from PostgreSQL and drives each through the stages as
Serve deployments. `serve_app` is what callers see over HTTP, `cli` what a person types.
"""
