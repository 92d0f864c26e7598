"""
1 there
2 there
end
else
KeyError('stop')
[1, 2]
"""
class Count:
    def __init__(self, n, error=StopIteration):
        self.i, self.n, self.error = 0, n, error
    def __iter__(self):
        return self
    def __next__(self):
        self.place = teleport()
        self.i += 1
        if self.i > self.n:
            raise self.error("stop")
        return self.i
c = Count(2)
for i in c:
    print(i, c.place)
else:
    print("end")
for i in Count(0):
    print("never")
else:
    print("else")
try:
    for i in Count(1, KeyError):
        pass
except KeyError as e:
    print(repr(e))
print([i for i in Count(2)])
