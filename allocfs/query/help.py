"""The text of `query/.help`; spec/queries.md is the full definition."""

HELP = """\
A query is the name of a directory here: terms, separated by commas. It holds the same names
as the mount point, with only the codetags for which every term is true.

    cat text/query/module=xfs/records
    cat text/query/module=xfs,min_size=1M,sort=-bytes/records
    cat json/query/sort=-calls,limit=20/records
    cat text/query/group=module,sort=-bytes/records
    ls 'query/file=mm%2F*/by-function'

Which codetags
    file=NAME         source file, as the kernel spells it or as in by-file/
    function=NAME     function that allocates
    module=NAME       module; code that is built in is vmlinux
    line=N            line of the source file; line=N-M is a range
    accurate=yes      yes or no: whether every allocation was counted
    pair.KEY=VALUE    a pair KEY:VALUE of the text; VALUE is N, N-M, N- (at least),
                      -M (at most), or a pattern such as a NAME
    min_size=SIZE     bytes allocated, at least      max_size=SIZE     at most
    min_calls=COUNT   allocations live, at least     max_calls=COUNT   at most
    anomaly=yes       bytes or calls below zero, or one of them zero and the other not
    state=STATE       below /diff: new, gone, grown, shrunk, moved or unknown
    min_slope=RATE    below /trend: bytes per second, at least      max_slope=RATE   at most
    rising=90%        below /trend: the share of steps in which it grew, at least

Which records of them, and in which order
    group=module      one record for each module, with sums; or file, function, site, dir,
                      all, or dir:N for the first N components of the directory
    sort=bytes        or calls, or file (then line); sort=-bytes is the largest first;
                      below /trend also slope and rising
                      (also size for bytes, count for calls, path for file)
    limit=N           the first N records of the file that is opened

file, function, module, line, accurate, pair.KEY, state and anomaly also have !=, as in
module!=vmlinux. All of these but accurate and anomaly take alternatives: module=xfs|ext4,
line=10-20|55.
!= with alternatives means none of them. A codetag without the pair KEY matches neither
pair.KEY=VALUE nor pair.KEY!=VALUE.

A NAME may contain
    *         any characters, a slash too       file=*btree*
    ?         one character
    [abc]     one of these; [a-z] a range; [!abc] none of these

A SIZE or COUNT is a whole number, in units of 1024 with K, M, G or T (or Ki, Mi, Gi, Ti).
A SIZE may be negative: max_size=-1 finds counters below zero. A RATE is a SIZE, with
_per_min, _per_h or _per_d if not per second: min_slope=10M_per_h.

In a value %XX is the byte with that hexadecimal number, taken literally:
    / is %2F   , is %2C   | is %7C   % is %25   * is %2A   ? is %3F   [ is %5B

The shell takes * ? [ ] | and ! for itself: put the path in single quotes.

If a key of a condition is given twice, both must be true. group, sort and limit are given
once. With group, conditions on names, lines, accuracy and pairs choose codetags; all other
terms act on the records of sums.
A query that nothing matches is a directory with empty files.
A name that is not a query cannot be opened (Invalid argument). The reason is in the log of
the mount, and is printed by: allocfs check 'NAME'
Sizes, calls, states, slopes and pairs are judged when a file is opened, for the codetags that
the rest leaves.
"""
