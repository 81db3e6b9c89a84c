"""One file per service: which requests it needs, and how its answers are read.

A source never stores and never judges a value: it turns an answer into rows, and says in which row of
the answer each value stood. What every answer must satisfy is checked in one place, `data.checking`.
"""
