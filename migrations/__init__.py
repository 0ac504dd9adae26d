"""Schema migrations, configured in pyproject.toml under [tool.alembic]; the wheel carries them."""
