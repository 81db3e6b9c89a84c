"""Data: the point-in-time book, where it comes from, the calendar and the scale of the market."""
