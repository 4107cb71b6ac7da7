"""The driver: one process a run, which plans, sends batches and keeps the journal."""
