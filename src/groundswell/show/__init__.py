"""Where a finished desk is laid out: terminal, page, charts and plain twins, no estimate made here.

Everything on this floor reads the typed frames of a `Desk` and words them once, in `words` and
`tables`; the forms (`terminal`, `page`, `plain`, `charts`) only place what is worded. Nothing is
imported here, so that a terminal sheet never pays for the chart libraries.
"""
