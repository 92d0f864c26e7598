"""A sudoku by constraint and search."""

from contextlib import suppress


class Contradiction(Exception):
    pass


SIZE, BOX = 4, 2
CELLS = [(row, column) for row in range(SIZE) for column in range(SIZE)]
PEERS = {
    (r, c): {
        (a, b)
        for a, b in CELLS
        if (a, b) != (r, c) and (a == r or b == c or (a // BOX == r // BOX and b // BOX == c // BOX))
    }
    for r, c in CELLS
}


def assign(board, cell, digit):
    board[cell] = {digit}
    for peer in sorted(PEERS[cell]):
        if digit in board[peer]:
            left = board[peer] - {digit}
            if not left:
                raise Contradiction(peer)
            board[peer] = left
            if len(left) == 1:
                assign(board, peer, next(iter(left)))


def solve(board):
    open_cells = [cell for cell in CELLS if len(board[cell]) > 1]
    if not open_cells:
        return board
    cell = min(open_cells, key=lambda cell: (len(board[cell]), cell))
    for digit in sorted(board[cell]):
        copy = {key: set(value) for key, value in board.items()}
        with suppress(Contradiction):
            assign(copy, cell, digit)
            if (found := solve(copy)) is not None:
                return found
    return None


def sudoku(text):
    board = {cell: set(range(1, SIZE + 1)) for cell in CELLS}
    try:
        for cell, letter in zip(CELLS, text):
            if letter != ".":
                assign(board, cell, int(letter))
    except Contradiction as error:
        return f"no way at {error.args[0]}"
    found = solve(board)
    return "no way" if found is None else "".join(str(next(iter(found[cell]))) for cell in CELLS)


for text in ("1...3...4....3..", "................", "11..............", "..3.2..........1"):
    print(text, sudoku(text))
