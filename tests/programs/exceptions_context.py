"""
ValueError there True
TypeError(third) <- ValueError(second) <- KeyError('first')
there RuntimeError(caused) <- ZeroDivisionError(division by zero) True
None True ZeroDivisionError
(None, None, None)
"""
import sys
def chain(error):
    text = []
    while error is not None:
        text.append(f"{type(error).__name__}({error})")
        error = error.__cause__ or error.__context__
    return " <- ".join(text)
try:
    try:
        raise KeyError("first")
    except KeyError as first:
        teleport()
        try:
            raise ValueError("second")
        except ValueError:
            print(sys.exc_info()[0].__name__, teleport(), sys.exc_info()[1].__context__ is first)
            raise TypeError("third")
except TypeError as error:
    teleport()
    print(chain(error))
try:
    try:
        1 / 0
    except ZeroDivisionError as cause:
        raise RuntimeError("caused") from cause
except RuntimeError as error:
    place = teleport()
    print(place, chain(error), error.__suppress_context__)
try:
    try:
        1 / 0
    except ZeroDivisionError:
        teleport()
        raise RuntimeError("alone") from None
except RuntimeError as error:
    print(error.__cause__, error.__suppress_context__, type(error.__context__).__name__)
print(sys.exc_info())
