"""Where a page's lines stand: cells, columns, tables, furniture and rows."""
