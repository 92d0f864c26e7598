"""
'n'   there   0x5 {} nthere
there-3 there 1 there-b
abc **ABC** b'there'
there there ['there']
there   |3.14
"""
name = "n"
print(f"{name!r:>5} {teleport():^9} {len(teleport()):#x} {{}} {name + teleport()}")
print("%s-%d" % (teleport(), 3), "{0} {1[0]}".format(teleport(), [1]), "-".join([teleport(), "b"]))
text = ""
for letter in "abc":
    text += letter + (teleport() and "")
print(text, text.upper().center(7, "*"), bytes(teleport(), "ascii"))
print(f"{f'{teleport()}'!s} {(lambda: teleport())()} {[teleport() for _ in 'a']}")
width = 8
print(f"{teleport():{width}}|{3.14159:.{len(teleport()) - 3}f}")
