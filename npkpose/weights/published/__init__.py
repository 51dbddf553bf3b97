"""Published weights by name: which file, where it is, how a network uses it.

    path = fetch("vitpose-b")      downloaded on first use, and checked; later from the cache

No weights come with npkpose: others publish them, on servers that are not ours, with licences of
their own, which are printed before a file is downloaded.

Read in this order:

    manifest.json   one entry per file: addresses, hash, licences, score, preprocessing
    manifest.py     the entries, and the entry of a name
    cache.py        the folder of downloaded files: paths, records, a lock, removal
    check.py        whether a file is the published one
    unpack.py       the network inside a published zip archive
    download.py     one address into one file, resumed where it broke off
    fetch.py        a name to a file: the cache, or else each address in turn
"""

from npkpose.weights.published.cache import cache_folder
from npkpose.weights.published.fetch import fetch
from npkpose.weights.published.manifest import Entry, entries, find_entry

__all__ = ["Entry", "cache_folder", "entries", "fetch", "find_entry"]
