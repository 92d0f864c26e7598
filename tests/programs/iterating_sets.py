"""
[1, 2, 3, 4]
[1, 'Set changed size during iteration']
[1, 'Set changed size during iteration']
[1, 2, 3, 4]
('Set changed size during iteration', [1, 2, 3, 10])
True ['five', 'four', 'one', 'three', 'two']
7 there end end
"""
def over(s, change):
    seen = []
    try:
        for item in s:
            seen.append(item)
            if len(seen) == 1:
                change(s)
            if len(seen) < 3:
                teleport()
    except RuntimeError as error:
        seen.append(str(error))
    return seen[:1] + seen[1:][-1:] if len(seen) < 4 else sorted(seen)
print(over({1, 2, 3, 4}, lambda s: None))
print(over({1, 2}, lambda s: s.add(5)))
print(over({1, 2}, lambda s: s.discard(2)))
print(over(frozenset({1, 2, 3, 4}), lambda s: None))
def later(s):
    try:
        for item in s:
            teleport()
            s.add(10)
    except RuntimeError as error:
        return str(error), sorted(s)
print(later({1, 2, 3}))
words = {"one", "two", "three", "four", "five"}
order = list(words)
seen = []
for word in words:
    seen.append(word)
    teleport()
print(seen == order, sorted(words))
it = iter({7})
print(next(it), teleport(), next(it, "end"), next(it, "end"))
