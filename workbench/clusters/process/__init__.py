"""The cluster's own process: Dask scheduler, workers, and the loop that keeps their number."""
