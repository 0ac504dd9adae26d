"""Word files of before 2007 (.doc), through LibreOffice where it is installed."""
