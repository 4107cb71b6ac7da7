"""Materials recipes for science-workbench; nothing is imported here."""
