"""One file a scheduler; each is found by its entry point in ``workbench.schedulers``."""
