"""
outer ended
[(0, 1), (1, 0), (1, 2), ('no break', 1, 'there'), (2, 0), (2, 1), ('no break', 2, 'there')]
while 2 there
while 4 there
else 0
[[1, 1, 1], [1, 2, 3], [1, 3, 5]]
"""
found = []
for i in range(3):
    for j in range(3):
        if j == i:
            teleport()
            continue
        if j > 1 and i == 0:
            break
        found.append((i, j))
    else:
        found.append(("no break", i, teleport()))
else:
    print("outer ended")
print(found)
n = 0
while True:
    n += 1
    if n % 2:
        continue
    if n > 4:
        break
    print("while", n, teleport())
else:
    print("never")
while n:
    n -= 3
    teleport()
    if n < 0:
        n = 0
else:
    print("else", n)
matrix = [[i * j for j in range(3)] for i in range(3)]
for row in matrix:
    for k, value in enumerate(row):
        row[k] = value + (1 if teleport() else 0)
print(matrix)
