"""
1 3 10 3
[(0, 'there'), (1, 'there'), (2, 'there')]
True 2 True
"""
def make():
    total = 0
    def add(n):
        nonlocal total
        total += n
        teleport()
        return total
    def get():
        return total
    return add, get
add, get = make()
other, _ = make()
print(add(1), add(2), other(10), get())
functions = []
for i in range(3):
    def f(i=i):
        return i, teleport()
    functions.append(f)
print([f() for f in functions])
class Counter:
    def __init__(self):
        self.calls = 0
        def bump():
            self.calls += 1
            teleport()
            return self
        self.bump = bump
c = Counter()
print(c.bump() is c, c.bump().calls, c.bump.__closure__[0].cell_contents is c)
