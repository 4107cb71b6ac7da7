"""What happens on a worker: batches, folds, and the end of a run."""
