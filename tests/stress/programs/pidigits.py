"""Digits of pi from a spigot of large integers."""


def digits_of_pi():
    q, r, t, i = 1, 0, 1, 1
    while True:
        digit = (q * (27 * i - 12) + 5 * r) // (5 * t)
        yield digit
        u = 3 * (3 * i + 1) * (3 * i + 2)
        q, r, t, i = 10 * q * i * (2 * i - 1), 10 * u * (q * (5 * i - 2) + r - t * digit), t * u, i + 1


found = ""
for digit in digits_of_pi():
    found += str(digit)
    if len(found) == 25:
        break
print(found)
