"""Prints what Python's zipfile says of each archive named: the reference that the tests compare our listing with."""

import json
import os
import sys
import zipfile


def describe(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, path
        return {
            "comment": archive.comment.decode(),
            "entries": [
                {
                    # Without the UTF-8 flag zipfile reads cp437; the bytes are UTF-8 all the same.
                    "name": info.filename if info.flag_bits & 0x800 else info.orig_filename.encode("cp437").decode(),
                    "size": info.file_size,
                    "compressed_size": info.compress_size,
                    "crc": info.CRC,
                    "method": info.compress_type,
                    "offset": info.header_offset,
                    "mode": info.external_attr >> 16,
                }
                for info in archive.infolist()
            ],
        }


print(json.dumps({os.path.basename(path): describe(path) for path in sorted(sys.argv[1:])}, indent=1, ensure_ascii=False))
