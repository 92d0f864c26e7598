"""
2.00 1.50 0.50 ('taken from', 10, 'there') False False False
('euro first', 150, 'there') 1.55
('euro first', 200, 'there')
"""
class Money:
    def __init__(self, cents):
        self.cents = cents
    def __add__(self, other):
        teleport()
        if other == 0:
            return self
        return Money(self.cents + other.cents) if isinstance(other, Money) else NotImplemented
    def __radd__(self, other):
        teleport()
        return self + other
    def __truediv__(self, n):
        return Money(self.cents // n) if teleport() else None
    def __rsub__(self, other):
        return "taken from", other, teleport()
    def __lt__(self, other):
        teleport()
        return self.cents < other.cents
    def __bool__(self):
        return bool(teleport()) and self.cents != 0
    def __str__(self):
        return f"{self.cents / 100:.2f}"
class Euro(Money):
    def __radd__(self, other):
        return "euro first", other.cents, teleport()
a, b = Money(150), Money(50)
print(a + b, 0 + a, a / 3, 10 - a, a < b, b > a, bool(Money(0)))
print(a + Euro(1), str(Euro(5) + a))
total = 0
for m in (a, b, Euro(7)):
    total = total + m if total else m
print(total)
