"""Clusters: the request, the handle, and the folder by which everybody meets."""
