"""What a page's headings say, and which lines follow each."""
