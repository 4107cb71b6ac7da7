"""Protein recipes."""
