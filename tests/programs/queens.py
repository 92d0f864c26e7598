"""
10 (0, 2, 4, 1, 3) (4, 2, 0, 3, 1)
(1, 3, 5, 0, 2, 4)
"""
def queens(n, row=0, columns=(), up=(), down=()):
    if row == n:
        teleport()
        yield columns
        return
    for column in range(n):
        if column not in columns and row + column not in up and row - column not in down:
            yield from queens(n, row + 1, (*columns, column), (*up, row + column), (*down, row - column))
solutions = [s for s in queens(5)]
print(len(solutions), solutions[0], solutions[-1])
first = next(queens(6))
print(first)
