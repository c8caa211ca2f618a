"""The dictionary and the first inputs of each parser: random bytes alone are refused at once."""

from __future__ import annotations

_LINE = b"        4096        2 mm/slub.c:10 func:slab_alloc \n"
_MODULE = b"       65536        8 fs/xfs/xfs_log.c:7 [xfs] func:xlog_alloc accurate:no \n"
_HEADER = b"allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"

WORDS: dict[str, list[bytes]] = {
    "text": [
        *(b"allocinfo - version: ", b"1.0", b"2.0", b"#     <size>  <calls> <tag info>\n"),
        *(b" [xfs]", b" func:", b" accurate:no ", b" accurate:yes ", b" key:value", b":10 "),
        *(b"        nid0     94912        2966\n", b" 12 \n", b"nid1 ", b"3.1", b"<size>"),
        *(b"\n", b"\r\n", b" ", b"-", b"0", b"\0", b"\xff", b"\xc2\x85", b"mm/slub.c:"),
        *(b"9223372036854775807", b"-9223372036854775808", b"18446744073709551615"),
    ],
    "query": [
        *(b"file", b"function", b"module", b"line", b"accurate", b"sort", b"limit", b"!=", b"="),
        *(
            b"min_size=",
            b"max_size=",
            b"min_calls=",
            b"max_calls=",
            b"pair.a",
            b"64K",
            b"1Mi",
            b"-1",
            b"T",
        ),
        *(b"state", b"anomaly", b"min_slope=", b"max_slope=", b"rising=", b"group=", b"_per_h"),
        *(b"new", b"grown", b"slope", b"module", b"dir:", b"90%", b"99.5"),
        *(b"yes", b"no", b"-bytes", b"calls", b"10-20", b"|", b",", b"*", b"?", b"[a-z]", b"[!"),
        *(b"%2F", b"%2C", b"%7C", b"%25", b"%00", b"%5D", b"%C3%A9", b"%ff", b"\xff", b"\xc3\xa9"),
    ],
    "control": [
        *(b"load ", b"unload ", b"alloc ", b"free ", b"rate ", b"xfs", b"# ", b"\n", b" ", b":"),
        *(b"leak ", b"1M", b"/s"),
        *(b"mm/slub.c:10", b"fs/xfs/xfs_log.c:7", b"include/linux/slab.h:5", b"1", b"-1", b"\0"),
        *(b"9223372036854775807", b"9223372036854775808", b"\xe2\x80\xa8", b"\xd9\xa1", b"\xff"),
    ],
    "reports": [
        *(b"4096 1 mm/slub.c:10 func:f", b" [xfs] ", b"func:", b"accurate:no", b"20G", b"9.8Mi "),
        *(b"38.4 MiB ", b"allocinfo - version: 2.0\n", b"#     <size>  <calls> <tag info>\n"),
        *(b"> ", b"```\n", b"$ cat x\n", b"[   30.988789] ", b"Nov 27 12:00:00 host kernel: "),
        *(b"Memory allocations:\n", b"\nnid0 94912 2966\n", b" 12\n", b"module:xfs", b"\n"),
        *(b"From a Thu Nov 27 12:00:00 2025\n", b"From: a\nDate: b\n\n", b"\xef\xbb\xbf", b"\0"),
        *(b"18446744073709551615", b"-9223372036854775808", b"\x01", b"\x02", b"\xff"),
    ],
}

SEEDS: dict[str, list[bytes]] = {
    "text": [_HEADER + _LINE + _MODULE, _LINE + _MODULE, _HEADER],
    "query": [
        b"module=xfs|ext4,min_size=64K,sort=-bytes,limit=10",
        b"pair.error_size=1-|-9|3-5,pair.a%21!=a*|%31",
        b"state=new|grown,state!=moved,anomaly=no,group=dir:2,sort=-file",
        b"min_slope=10M_per_h,max_slope=1,rising=99.5%,sort=-slope,limit=9",
        b"file!=mm%2F*,line=1-5|9,accurate=no,function=[!a-f]?*,max_calls=1Mi",
    ],
    "control": [
        b"unload xfs\nload xfs\nrate 1000\n",
        b"alloc mm/slub.c:10 4096 2 1\nfree mm/slub.c:10 4096\n",
        b"leak mm/slub.c:10 1M/s\nleak mm/slub.c:10 0\n",
    ],
    "reports": [
        bytes(range(32)),
        b"\1\2\3" * 10,
        _HEADER + _LINE + _MODULE,
        b"> > 22M 1932 fs/xfs/xfs_buf.c:226 [xfs]\n> func:f 20G 5 mm/filemap.c:2012\n func:g 1\n",
        b"[    3.9] Memory allocations:\n[    3.9]     38.4 MiB     5505 mm/slub.c:3075 func:f\n",
    ],
}
