"""
62 there
[0, 1, 2] 190 there
30 there
"""
def add(a, b=1):
    if a == 17:
        places.append(teleport())
    return a + b
class Box:
    def __init__(self, n):
        self.n = n
        if n == 18:
            places.append(teleport())
    @property
    def value(self):
        if self.n == 15:
            places.append(teleport())
        return self.n
    def __getitem__(self, i):
        if i == 16:
            places.append(teleport())
        return i
places = []
total = 0
for i in range(20):
    total = i + add(i, 2) + add(i)
print(total + len(places), places[-1])
total = 0
for i in range(20):
    box = Box(i)
    total += box.value
    box[i]
print([i for i in range(3)], total, places[-1])
def rows():
    for i in range(30):
        if i == 20:
            places.append(teleport())
        yield i
print(len([i for i in rows()]), places[-1])
