# SPDX-License-Identifier: Apache-2.0
"""Draws horizontal bar charts as SVG, nothing else."""

from xml.sax.saxutils import escape

BAR_HEIGHT = 22
GAP = 8
LABEL_WIDTH = 190
PLOT_WIDTH = 460
VALUE_WIDTH = 90
COLOURS = {"floor": "#9aa5b1", "tailrace": "#0b7285"}
OTHER_COLOUR = "#e8a33d"


def bars(title, unit, rows):
    """`rows` is [(label, value, group)]; the group picks the colour. Returns the SVG text."""
    height = 60 + len(rows) * (BAR_HEIGHT + GAP)
    width = LABEL_WIDTH + PLOT_WIDTH + VALUE_WIDTH
    largest = max([value for _, value, _ in rows] + [1e-9])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
        f'<text x="12" y="42" fill="#555555">{escape(unit)}</text>',
    ]
    y = 54
    for label, value, group in rows:
        length = PLOT_WIDTH * value / largest
        colour = COLOURS.get(group, OTHER_COLOUR)
        text_y = y + BAR_HEIGHT - 6
        parts.append(f'<text x="{LABEL_WIDTH - 8}" y="{text_y}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect x="{LABEL_WIDTH}" y="{y}" width="{max(length, 1):.1f}" '
                     f'height="{BAR_HEIGHT}" fill="{colour}"/>')
        parts.append(f'<text x="{LABEL_WIDTH + length + 6:.1f}" y="{text_y}">{number(value)}</text>')
        y += BAR_HEIGHT + GAP
    return "\n".join(parts + ["</svg>"]) + "\n"


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"
