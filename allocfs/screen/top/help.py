"""The keys of the live screen."""

HELP = """\
F6 > <    sort by the next column, or click on its title; I turns the order round
/  F4     filter by a query such as module=xfs,min_size=1M; Tab or → completes; Esc ends it
g         sum by call site, function, file, directory, module
Enter     details of a row; in directories: open it, and ← or Backspace closes it
m         mark now: growth is shown since the mark
z Space   freeze the numbers, and go on
s         take a snapshot in the mount;  w  write a capture into the present directory
F1 ? h    these keys;  q F10  quit
"""
