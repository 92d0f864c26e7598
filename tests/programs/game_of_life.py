"""
0 [(0, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
1 [(0, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
2 [(1, 1), (1, 3), (2, 2), (2, 3), (3, 2)]
3 [(1, 3), (2, 1), (2, 3), (3, 2), (3, 3)]
"""
def step(cells):
    counts = {}
    for x, y in cells:
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                if dx or dy:
                    counts[x + dx, y + dy] = counts.get((x + dx, y + dy), 0) + 1
    return {cell for cell, n in counts.items() if n == 3 or n == 2 and cell in cells}
cells = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}
for generation in range(4):
    cells = step(cells)
    teleport()
    print(generation, sorted(cells))
