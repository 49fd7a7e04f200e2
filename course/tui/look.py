"""Owns the themes of the desk; must never choose one."""

from __future__ import annotations

from textual.theme import Theme

LIGHT = Theme(
    name="dockyard-light",
    primary="#0058a8",
    secondary="#5b4b9a",
    accent="#8a4500",
    warning="#8a4500",
    error="#b3123c",
    success="#1d6b34",
    foreground="#1c1c1c",
    background="#fafafa",
    surface="#f2f2f2",
    panel="#e8e8e8",
    boost="#f2f2f2",
    dark=False,
    variables={
        "text-primary": "#00458a",
        "text-secondary": "#4a3b85",
        "text-accent": "#7a3c00",
        "text-warning": "#7a3c00",
        "text-error": "#9c0f34",
        "text-success": "#175a2b",
        "footer-key-foreground": "#00458a",
    },
)
"""The toolkit's own light theme writes its warnings and successes at 3 to 1."""

HIGH_CONTRAST = Theme(
    name="dockyard-high-contrast",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#00ffff",
    warning="#ffff00",
    error="#ff8080",
    success="#80ff80",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    boost="#000000",
    dark=True,
    luminosity_spread=0.0,
    variables={
        "block-cursor-background": "#ffff00",
        "block-cursor-foreground": "#000000",
        "footer-key-foreground": "#ffff00",
        "border": "#ffffff",
        "input-selection-background": "#0000ff",
    },
)
"""White, yellow and cyan on black: each at least 7 to 1, the AAA level of WCAG 2.2."""

OWN_THEMES = (LIGHT, HIGH_CONTRAST)

TOOLKIT_THEMES = {"dark": "textual-dark", "light": LIGHT.name, "high-contrast": HIGH_CONTRAST.name}
"""Our name of a theme -> the toolkit's."""
