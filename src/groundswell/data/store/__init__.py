"""The store: one DuckDB file that keeps every vintage of every series, replaced whole or not at all."""
