"""Zip archives whose uncompressed members are read in place.

An uncompressed member is a contiguous part of the file and is returned as a view of it.
Compressed members, which only .npz archives have, are unpacked in memory. The sum of the
sizes that the archive states for them must be at most 20 times the file's size or 4 MiB,
whichever is larger: otherwise a few bytes could claim any size (compression makes weights
about a tenth smaller).

Format: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification". Python's `zipfile` reads
the directory at the end; this module reads the members.
"""

import os
import struct
import zipfile
import zlib

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, lengths of the name and the extra field
_ENCRYPTED = 1
_MAX_GROWTH, _MAX_SMALL = 20, 2**22


def read_directory(path):
    """Return {member name: zipfile.ZipInfo} of a zip archive.

    Raises ValueError if there is no directory, if two members have the same name, if
    members overlap, or if the stated sizes exceed the limit above.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except FileNotFoundError:
        raise
    except Exception as error:  # damage raises errors of zipfile, struct and codecs
        raise ValueError(f"a damaged zip archive ({error})") from None
    members = {info.filename: info for info in infos}
    if len(members) != len(infos):
        raise ValueError("a zip archive with two members of the same name")
    size = os.path.getsize(path)
    if sum(info.compress_size for info in infos) > size:
        raise ValueError("a zip archive with overlapping members")
    compressed = [info for info in infos if info.compress_type != zipfile.ZIP_STORED]
    total = sum(info.file_size for info in compressed)
    if total > max(_MAX_GROWTH * size, _MAX_SMALL):
        raise ValueError(f"a zip archive of {size} bytes that claims to hold {total}")
    return members


def read_member(data, info):
    """Return the bytes of a member: a view of ``data``, or unpacked bytes.

    Raises ValueError unless they have the size and the CRC-32 that the archive states.
    A CRC-32 of 0 is not compared: PyTorch has an option to write no checksum.
    """
    name = info.filename[:80]
    start, size = info.header_offset, info.compress_size
    if info.flag_bits & _ENCRYPTED or start < 0 or start + _LOCAL_HEADER.size > len(data):
        raise ValueError(f"member {name!r}, encrypted or outside the file")
    signature, *lengths = _LOCAL_HEADER.unpack_from(data, start)
    start += _LOCAL_HEADER.size + sum(lengths)
    if signature != b"PK\3\4" or start + size > len(data):
        raise ValueError(f"member {name!r}, truncated or at a wrong position")
    content = memoryview(data)[start : start + size]
    if info.compress_type == zipfile.ZIP_DEFLATED:
        content = _inflate(content, info.file_size)
    elif info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"member {name!r}, compressed by method {info.compress_type}")
    if len(content) != info.file_size or info.CRC not in (0, zlib.crc32(content)):
        raise ValueError(f"member {name!r} with a wrong size or checksum")
    return content


def _inflate(content, size):
    try:
        # One byte more than stated: enough to notice a larger member, and a memory bound.
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, size + 1)
    except zlib.error as error:
        raise ValueError(f"a damaged member ({error})") from None
