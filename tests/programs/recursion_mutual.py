"""
even 0 there
True
[0, 1, 1, 2, 3, 5]
['a', ['b', ['c']]]
"""
def is_even(n):
    if n == 0:
        print("even", n, teleport())
        return True
    return is_odd(n - 1)
def is_odd(n):
    return n != 0 and is_even(n - 1)
print(is_even(6))
def fibonacci(n):
    if n == 3:
        teleport()
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
print([fibonacci(n) for n in range(6)])
def build(names):
    if not names:
        teleport()
        return []
    return [names[0], *([build(names[1:])] if names[1:] else [])]
print(build("abc"))
