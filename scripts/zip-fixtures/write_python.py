"""Writes every path read from standard input into zip archives with Python's zipfile.

python3 write_python.py seekable OUT      an ordinary file
python3 write_python.py streamed          standard output that cannot seek, zip64 extras forced
"""

import os
import sys
import zipfile


class Unseekable:
    """A file that can only be written forward, like a socket or a pipe."""

    def __init__(self, file):
        self.file = file

    def write(self, data):
        return self.file.write(data)

    def flush(self):
        self.file.flush()


def main():
    streamed = sys.argv[1] == "streamed"
    target = Unseekable(sys.stdout.buffer) if streamed else sys.argv[2]
    paths = sys.stdin.read().splitlines()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            if not streamed or os.path.isdir(path):
                archive.write(path)
                continue
            info = zipfile.ZipInfo.from_file(path)
            info.compress_type = zipfile.ZIP_DEFLATED
            with open(path, "rb") as file, archive.open(info, "w", force_zip64=True) as entry:
                entry.write(file.read())


main()
