"""
there 1
K there
"""
def f[T](x: T) -> T:
    return teleport(), x
print(*f(1))
class K[T]:
    place = teleport()
    def method(self):
        return __class__.__name__, self.place
print(*K().method())
