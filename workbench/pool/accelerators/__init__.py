"""One file a vendor of accelerators; each is found by its entry point in ``workbench.vendors``."""
