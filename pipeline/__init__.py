"""The pipeline: what one resume goes through, from a file to a verified, searchable profile.

    StoredUpload                 an original in the object store, a row and a job in PostgreSQL
      │ stages/read_text         pages of lines of words, each with its box             → Text
      │ stages/group_sections    columns, reading order, headings, sections             → SectionedText
      │ stages/normalise_profile facts that point at lines, by rules or a model         → Profile (a draft)
      │ stages/verify_profile    every fact checked against its lines; date arithmetic  → Profile
      │ stages/embed_chunks      chunks of sections and their vectors                   → EmbeddedChunks
      ▼ stages/save_resume       everything in one fenced transaction                   → a Verdict

The rooms, each of which imports only from those below it (`lint-imports` holds that):

    cli/                   the command line, and what it is made of; it calls the service by resumes_client
    (serve_app/)           what callers see over HTTP
    orchestration/
      ray/                 the service on Ray: deployments, the dispatcher's shell, ingestion tasks, scaling
      wiring · sources · rehearsal     settings → adapters → stages
      core/                what drives resumes: packets, leases, retries, batches; no Ray, no SQLAlchemy
    stages/                the verbs: plain classes, one noun in, one noun out
    adapters/              whoever knows a vendor
      pdf/ word/ pictures/ ocr/     what each kind of file is read by, in killable child processes (parsing/)
      aws/ gemini/ postgres/ sources/
    reading/               one model of a read page: pure Python, no vendor, no settings
      profile · person     SectionedText → a draft of the profile
      entries/             jobs and degrees: by tables, labelled records, sentences, then headings with their bodies
      sections/ page/      headings, titles, language; cells, columns, furniture, rows
      values/              text → facts: dates, contacts, places, names, degrees, skills, languages
      lexicon/             every word that reading knows, as TOML, and how text is folded to find it
    ports                  what all of this asks of the world, as Protocols
    domain/                the nouns, the errors, the metrics
"""
