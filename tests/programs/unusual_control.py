"""
finally 0 there
finally 1 there
('returned', 'there')
('there',)
1
unbound
('lookup', 'KeyError') ('other', 'there')
['there']
"""
def gen_in_finally():
    try:
        return "returned", teleport()
    finally:
        for n in range(2):
            print("finally", n, teleport())
print(gen_in_finally())
def raise_in_else():
    try:
        pass
    except ValueError:
        pass
    else:
        try:
            raise KeyError(teleport())
        except KeyError as error:
            return error.args
    finally:
        teleport()
print(raise_in_else())
def break_in_finally():
    for n in range(3):
        try:
            if n == 1:
                break
        finally:
            teleport()
    return n
print(break_in_finally())
def except_variable():
    error = "before"
    try:
        raise ValueError("x")
    except ValueError as error:
        teleport()
    try:
        return error
    except UnboundLocalError:
        return "unbound"
print(except_variable())
def tuple_except(kind):
    try:
        raise kind
    except (KeyError, IndexError) as error:
        teleport()
        return "lookup", type(error).__name__
    except Exception:
        return "other", teleport()
print(tuple_except(KeyError), tuple_except(OSError))
global_lambda = lambda: (yield teleport())
print([n for n in global_lambda()])
