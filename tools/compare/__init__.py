"""``make compare``: dask-labextension and this panel side by side in one JupyterLab."""
