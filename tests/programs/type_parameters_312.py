"""
there 1
K there
alias int
"""
def f[T](x: T) -> T:
    return teleport(), x
print(*f(1))
class K[T]:
    place = teleport()
    def method(self):
        return __class__.__name__, self.place
print(*K().method())
type Alias = (teleport() and int)
print("alias", Alias.__value__.__name__)
