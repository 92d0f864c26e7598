"""
[('s', 'there'), ('t', 'there'), ('r', 'there')]
[(98, 'there'), (121, 'there')]
[(98, 'there'), (97, 'there')]
[(1, 'there'), (2, 'there')]
[(0, 'there'), (1, 'there')]
[(4, 'there'), (5, 'there')]
[(109, 'there'), (118, 'there')]
getitem 0 there
getitem 10 there
reversed b there
reversed a there
('a', 0) there [('b', 1), ('c', 2)]
8 there [9]
1 there [2]
(7, 'a') there [(8, 'b'), (9, 'c')]
0 there [1, 2]
deque mutated during iteration
deque mutated during iteration
[2, 3, 4]
"""
import array
for kind in ("str", b"by", bytearray(b"ba"), (1, 2), range(2), array.array("i", [4, 5]), memoryview(b"mv").tolist()):
    print([(item, teleport()) for item in kind])
class Old:
    def __getitem__(self, index):
        if index == 2:
            raise IndexError
        return index * 10
for item in Old():
    print("getitem", item, teleport())
class Seq:
    def __len__(self):
        return 2
    def __getitem__(self, index):
        return "ab"[index]
for item in reversed(Seq()):
    print("reversed", item, teleport())
z = zip("abc", range(3), strict=True)
print(next(z), teleport(), list(z))
m = map(pow, [2, 3], [3, 2])
print(next(m), teleport(), list(m))
f = filter(None, [0, 1, 0, 2])
print(next(f), teleport(), list(f))
e = enumerate("abc", start=7)
print(next(e), teleport(), list(e))
r = iter(range(10 ** 20, 10 ** 20 + 3))
print(next(r) % 10, teleport(), [n % 10 for n in r])
from collections import deque
changing = deque([1, 2, 3])
forward, backward = iter(changing), reversed(changing)
next(forward), next(backward)
changing.append(4)
behind = iter(changing)
next(behind)
teleport()
for outdated in (forward, backward):
    try:
        print(next(outdated))
    except RuntimeError as error:
        print(error)
print(list(behind))
