"""
values there 2
keys there 1
rest [TypeError('t')]
"""
try:
    try:
        raise ExceptionGroup("g", [ValueError(1), KeyError(2), TypeError("t"), ValueError(3)])
    except* ValueError as group:
        print("values", teleport(), len(group.exceptions))
    except* KeyError as group:
        print("keys", teleport(), len(group.exceptions))
except ExceptionGroup as group:
    print("rest", list(group.exceptions))
