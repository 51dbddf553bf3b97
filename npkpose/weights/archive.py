"""Zip archives whose members are looked at, not unpacked.

A member that is stored as it is (not compressed) is a stretch of the file, and is given
out as a view of it. Compressed members, which only .npz archives have, are unpacked in
memory; their sizes, as the archive states them, may not exceed 20 times the file's and
4 MiB, since a few bytes can otherwise claim any amount (weights shrink by a tenth).

Format: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification". The directory at the end
is read by Python's `zipfile`; the members here.
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

    Raises ValueError if there is none, if two members have one name, if they overlap, or
    if they claim to unpack to more than an archive of weights does.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile has several for damage, struct and codecs too
        raise ValueError(f"a damaged zip archive ({error})") from None
    members = {info.filename: info for info in infos}
    if len(members) != len(infos):
        raise ValueError("a zip archive with two members of one name")
    size = os.path.getsize(path)
    if sum(info.compress_size for info in infos) > size:
        raise ValueError("a zip archive whose members overlap")
    compressed = [info for info in infos if info.compress_type != zipfile.ZIP_STORED]
    total = sum(info.file_size for info in compressed)
    if total > max(_MAX_GROWTH * size, _MAX_SMALL):
        raise ValueError(f"a zip archive of {size} bytes that claims to hold {total}")
    return members


def read_member(data, info):
    """Return the bytes of a member: a view of ``data``, or what they unpack to.

    Raises ValueError unless they have the size and the CRC-32 that the archive states.
    PyTorch can be told to write no checksum; it is 0 then, and not compared.
    """
    name = info.filename[:80]
    start, size = info.header_offset, info.compress_size
    if info.flag_bits & _ENCRYPTED or start < 0 or start + _LOCAL_HEADER.size > len(data):
        raise ValueError(f"member {name!r}, encrypted or outside the file")
    signature, *lengths = _LOCAL_HEADER.unpack_from(data, start)
    start += _LOCAL_HEADER.size + sum(lengths)
    if signature != b"PK\3\4" or start + size > len(data):
        raise ValueError(f"member {name!r}, cut short or misplaced")
    content = memoryview(data)[start : start + size]
    if info.compress_type == zipfile.ZIP_DEFLATED:
        content = _inflate(content, info.file_size)
    elif info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"member {name!r}, compressed by method {info.compress_type}")
    if len(content) != info.file_size or info.CRC not in (0, zlib.crc32(content)):
        raise ValueError(f"member {name!r}, whose size or checksum is another")
    return content


def _inflate(content, size):
    try:
        # One byte more than claimed shows that there is more, and bounds the memory.
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, size + 1)
    except zlib.error as error:
        raise ValueError(f"a damaged member ({error})") from None
