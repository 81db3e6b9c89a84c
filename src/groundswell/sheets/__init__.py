"""The typed view-models: what a page says, before anybody decides how it looks."""
