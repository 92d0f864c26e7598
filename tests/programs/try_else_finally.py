"""
try there
else there
finally there
handler ValueError there
finally there
returned 1
finally after return there
continue finally 0
continue finally 1
"""
try:
    print("try", teleport())
except ValueError:
    print("never")
else:
    print("else", teleport())
finally:
    print("finally", teleport())

try:
    raise ValueError("x")
except ValueError as error:
    print("handler", type(error).__name__, teleport())
finally:
    print("finally", teleport())

def f():
    try:
        return 1
    finally:
        place = teleport()
        log.append(place)

log = []
print("returned", f())
print("finally after return", *log)
for i in range(2):
    try:
        continue
    finally:
        teleport()
        print("continue finally", i)
