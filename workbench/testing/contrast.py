"""Whether a colour of a figure is seen on the grounds of JupyterLab's themes."""

from __future__ import annotations

GROUNDS = ("#ffffff", "#212121")
"""The light theme's and the dark one's."""

LEAST = 3.0
"""For what a figure consists of: WCAG 2.2, success criterion 1.4.11."""


def contrast(colour: str, ground: str) -> float:
    """Return the contrast ratio of two colours, written ``#rrggbb``: 1 to 21 (WCAG 2.2)."""
    dark, bright = sorted((_luminance(colour), _luminance(ground)))
    return (bright + 0.05) / (dark + 0.05)


def linear(colour: str) -> list[float]:
    """Return red, green and blue of an sRGB colour as amounts of light, 0 to 1 (IEC 61966-2-1)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def _luminance(colour: str) -> float:
    """Return the relative luminance of an sRGB colour, 0 to 1 (WCAG 2.2)."""
    red, green, blue = linear(colour)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
