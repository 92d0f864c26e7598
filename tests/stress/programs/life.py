"""The game of life on an unbounded board."""

from collections import Counter


def neighbours(cell):
    x, y = cell
    return ((x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)


def generations(alive):
    while True:
        yield alive
        counts = Counter(near for cell in alive for near in neighbours(cell))
        alive = {cell for cell, count in counts.items() if count == 3 or (count == 2 and cell in alive)}


def drawn(alive):
    return ["".join(".#"[(x, y) in alive] for x in range(6)) for y in range(5)]


glider = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}
for number, alive in enumerate(generations(glider)):
    if number % 2 == 0:
        print(number, len(alive), *drawn(alive))
    if number == 4:
        break
