"""Moves of a chess position, counted to a depth."""

OFFSETS = {
    "N": (-17, -15, -10, -6, 6, 10, 15, 17),
    "K": (-9, -8, -7, -1, 1, 7, 8, 9),
    "B": (-9, -7, 7, 9),
    "R": (-8, -1, 1, 8),
    "Q": (-9, -8, -7, -1, 1, 7, 8, 9),
}
SLIDES = frozenset("BRQ")


class Board:
    __slots__ = ("squares", "white")

    def __init__(self, squares, white=True):
        self.squares, self.white = squares, white

    @classmethod
    def parsed(cls, placement):
        squares = []
        for row in placement.split("/"):
            for letter in row:
                squares.extend("." * int(letter) if letter.isdigit() else letter)
        return cls(squares)

    def is_mine(self, piece):
        return piece != "." and piece.isupper() is self.white

    def moves(self):
        for square, piece in enumerate(self.squares):
            if not self.is_mine(piece):
                continue
            kind = piece.upper()
            if kind == "P":
                yield from self.pawn_moves(square)
            else:
                yield from self.piece_moves(square, kind)

    def pawn_moves(self, square):
        step, start = (-8, 6) if self.white else (8, 1)
        ahead = square + step
        if 0 <= ahead < 64 and self.squares[ahead] == ".":
            yield square, ahead
            if square // 8 == start and self.squares[ahead + step] == ".":
                yield square, ahead + step
        for aside in (-1, 1):
            target = ahead + aside
            if 0 <= target < 64 and abs(target % 8 - square % 8) == 1:
                piece = self.squares[target]
                if piece != "." and not self.is_mine(piece):
                    yield square, target

    def piece_moves(self, square, kind):
        for offset in OFFSETS[kind]:
            target = square
            while True:
                before, target = target, target + offset
                if not 0 <= target < 64 or abs(target % 8 - before % 8) > 2:
                    break
                piece = self.squares[target]
                if self.is_mine(piece):
                    break
                yield square, target
                if piece != "." or kind not in SLIDES:
                    break

    def after(self, move):
        squares = self.squares[:]
        start, end = move
        squares[end], squares[start] = squares[start], "."
        return Board(squares, not self.white)

    def king_can_be_taken(self):
        king = "k" if self.white else "K"
        return any(self.squares[end] == king for _, end in self.moves())


def count(board, depth):
    if depth == 0:
        return 1
    total = 0
    for move in board.moves():
        following = board.after(move)
        if not following.king_can_be_taken():
            total += count(following, depth - 1)
    return total


board = Board.parsed("4k3/8/8/3p4/2P5/8/4R3/4K3")
for depth in (1, 2):
    print(depth, count(board, depth))
names = [f"{'abcdefgh'[a % 8]}{8 - a // 8}{'abcdefgh'[b % 8]}{8 - b // 8}" for a, b in board.moves()]
print(*sorted(names))
