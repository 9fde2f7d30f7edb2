"""Many rehearsals: planned from one file, run anywhere, one result each, one table."""
