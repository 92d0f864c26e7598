"""
inside 2
outer 3
same cell True
deleted NameError
"""
def outer():
    value = 1
    def middle():
        nonlocal value
        value = 2
        def inner():
            nonlocal value
            teleport()
            print("inside", value)
            value = 3
        inner()
        return inner
    inner = middle()
    print("outer", value)
    index = inner.__code__.co_freevars.index("value")
    print("same cell", inner.__closure__[index] is middle.__closure__[middle.__code__.co_freevars.index("value")])
outer()

def gone():
    x = 1
    def use():
        return x
    del x
    teleport()
    try:
        return use()
    except NameError:
        return "deleted NameError"
print(gone())
