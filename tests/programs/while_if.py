"""
up 1
down 2
up 3
even
done 4
"""
n = 0
while True:
    n += 1
    if n > 3:
        if teleport() and n % 2 == 0:
            print("even")
        break
    elif n % 2:
        teleport()
        print("up", n)
    else:
        print("down", n if teleport() else None)
else:
    print("never")
print("done", n)
