"""Coverage-guided fuzzing of whatever reads what strangers sent: `python -m tests.fuzz TARGET --seconds N`.

A target is a module with `run(data)`, which may raise the errors of pipeline/domain/errors.py and nothing else, and
`seeds()`, the inputs that it begins with.
"""

TARGETS = (
    "upload",
    "pdf",
    "docx",
    "docx_body",
    "odt",
    "rtf",
    "text",
    "image",
    "zip",
    "tar",
    "manifest",
    "grouping",
    "rules",
)
