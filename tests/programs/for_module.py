"""
0 None
1 there
2 None
3 there
4 None
total 10
"""
total = 0
for i in range(5):
    place = None
    if i % 2:
        place = teleport()
    total += i
    print(i, place)
print("total", total)
