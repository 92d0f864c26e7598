"""
True [[1, 2, 3, 4], [3, 4, 1, 2], [2, 1, 4, 3], [4, 3, 2, 1]] 10
"""
board = [[1, 0, 0, 4], [0, 0, 1, 0], [0, 1, 0, 0], [4, 0, 0, 1]]
steps = 0
def allowed(r, c, v):
    box = [board[r // 2 * 2 + i][c // 2 * 2 + j] for i in range(2) for j in range(2)]
    return v not in board[r] and v not in [row[c] for row in board] and v not in box
def solve():
    global steps
    for r in range(4):
        for c in range(4):
            if not board[r][c]:
                for v in range(1, 5):
                    if allowed(r, c, v):
                        steps += 1
                        if steps in (3, 6):
                            teleport()
                        board[r][c] = v
                        if solve():
                            return True
                        board[r][c] = 0
                return False
    return True
print(solve(), board, steps)
