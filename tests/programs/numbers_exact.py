"""
0x1.3333333333334p-2 699044001 -1.0 True True
0.333333333 3/2 (-3-4j) 1j
True 2 (-4, 1) -4 2
True 2 1000 255 3 1000.0 5j
1.4236111111111112
"""
import decimal, fractions, math, cmath
x = 0.1 + 0.2
big = 3 ** 200
teleport()
print(x.hex(), big % 10 ** 9, -0.0.hex() if False else math.copysign(1, -0.0), float("inf") > big, math.isnan(float("nan")))
decimal.getcontext().prec = 9
third = decimal.Decimal(1) / 3
half = fractions.Fraction(3, 6)
z = complex(1, -2)
print(third, half + teleport().count("t"), z * z, cmath.sqrt(-1))
print(int.from_bytes(big.to_bytes(50, "big"), "big") == big, round(2.5), divmod(-7, 2), 7 // -2, -7 % 3)
a, b = 257, 257
teleport()
print(a == b, True + True, 1_000, 0xff, 0b11, 1e3, 5j)
total = 0
for n in range(1, 5):
    total += 1 / n ** 2
    teleport()
print(total)
