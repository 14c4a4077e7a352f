"""One file per claim; each measures both sides of it in one run and prints a table."""
