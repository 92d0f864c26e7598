"""
1 there 11
shared 12 12
late 5
adders [10, 11, 12]
"""
def counter():
    count = 0
    def increase(by=1):
        nonlocal count
        place = teleport()
        count += by
        return place
    def read():
        return count
    place = increase()
    print(read(), place, end=" ")
    increase(10)
    print(read())
    return increase, read

increase, read = counter()
increase()
print("shared", read(), increase.__closure__[0].cell_contents)

def late():
    def use():
        teleport()
        return x
    x = 5
    return use()
print("late", late())
adders = [lambda a, n=n: a + n + (teleport() and 0) for n in range(3)]
print("adders", [add(10) for add in adders])
