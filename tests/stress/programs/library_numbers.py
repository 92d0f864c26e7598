"""Numbers of the standard library in pure Python: decimal, fractions, statistics, random, colorsys, datetime."""

import _pydecimal as decimal
import colorsys
import random
import statistics
from datetime import date, timedelta
from fractions import Fraction

D = decimal.Decimal
print(D("1.10") + D("2.205"), D(2).sqrt(), (D(1) / D(7)).quantize(D("0.0001")))
print(D("-1.5e3").normalize(), D("NaN").is_nan(), D("1E+3") * D("0.001"), D(10).ln())
try:
    D(1) / D(0)
except decimal.DivisionByZero as error:
    print(type(error).__mro__[1].__name__)
total = Fraction(0)
for denominator in range(1, 8):
    total += Fraction(1, denominator)
print(total, float(total), Fraction("0.125"), Fraction(3.5).limit_denominator(2))
chance = random.Random(11)
sample = [chance.gauss(10, 2) for _ in range(8)]
print(f"{statistics.mean(sample):.6f} {statistics.median(sample):.6f} {statistics.stdev(sample):.6f}")
print(statistics.mode("aabbb"), statistics.quantiles([1, 2, 3, 4, 5], n=4), statistics.multimode("aabb"))
print(statistics.linear_regression([1, 2, 3], [2, 4, 6.5]), statistics.fmean([1, 2, 4]))
print(chance.sample(range(20), 5), chance.choices("abc", [1, 2, 3], k=5), chance.randint(1, 6))
deck = list(range(8))
chance.shuffle(deck)
print(deck)
print(tuple(round(value, 4) for value in colorsys.rgb_to_hls(0.2, 0.4, 0.6)))
day = date(2024, 2, 27)
for _ in range(4):
    day += timedelta(days=1)
    print(day.isoformat(), day.strftime("%a"), (day - date(2024, 1, 1)).days)
