"""
5 10
[4, 6] 6
there
ther
b
there 0 False True True
True True True
message there
"""
if (n := len(teleport())) > 3 and (m := n * 2):
    print(n, m)
print([y for x in range(4) if (y := x * 2) > 2 and teleport()], y)
while (line := teleport()[:n]) and n > 3:
    print(line)
    n -= 1
print("a" if teleport() == "here" else "b" if teleport() else "c")
print(None or teleport(), teleport() and 0, not teleport(), 1 < len(teleport()) < 9, None is not teleport())
x = 5
print(1 < x < 10 > len(teleport()) != 3, x in (teleport(), 5), x not in [teleport()])
assert teleport(), "no"
try:
    assert not teleport(), f"message {teleport()}"
except AssertionError as error:
    print(error)
