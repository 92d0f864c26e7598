"""A game against itself: minimax with pruning over a board of strings."""

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
visited = 0


def winner(board):
    for a, b, c in LINES:
        if board[a] != "." and board[a] == board[b] == board[c]:
            return board[a]
    return None


def moves(board):
    return (index for index, mark in enumerate(board) if mark == ".")


def value(board, player, low=-2, high=2):
    global visited
    visited += 1
    won = winner(board)
    if won:
        return 1 if won == "X" else -1
    best, other = (-2, "O") if player == "X" else (2, "X")
    for move in moves(board):
        score = value(board[:move] + player + board[move + 1 :], other, low, high)
        if player == "X":
            best = low = max(best, score)
        else:
            best = high = min(best, score)
        if low >= high:
            break
    else:
        if best in (-2, 2):
            return 0
    return best


def play(board, player):
    while winner(board) is None and "." in board:
        options = {}
        for move in moves(board):
            after = board[:move] + player + board[move + 1 :]
            options[move] = value(after, "O" if player == "X" else "X")
        choose = max if player == "X" else min
        move = choose(options, key=lambda move: (options[move], -move))
        board = board[:move] + player + board[move + 1 :]
        yield player, move, options[move]
        player = "O" if player == "X" else "X"


for player, move, score in play("X.O.X..O.", "X"):
    print(player, move, score)
print(visited)
