"""One address into one file, resumed where it broke off.

    FILE.part           the bytes so far
    FILE.part.origin    JSON: the address, and the server's mark of this version of the file

A download that breaks off is resumed up to `ATTEMPTS` times, and by the next run. The server is
asked for the rest only if it still has the same version (HTTP's Range and If-Range, RFC 9110,
sections 13 and 14); otherwise it sends the whole file again.
"""

import json
import re

from npkpose.weights.published.cache import beside
from npkpose.weights.published.check import Refused

ATTEMPTS = 3
TIMEOUT = 10.0, 30.0  # seconds until a connection, and between two pieces of the file
MAX_SIZE = 8 * 2**30  # bytes of a file whose size is not known
BLOCK = 2**16


class Broken(Refused):
    """A download that broke off, and can be resumed."""


def download(url, part, size=None, bar=None):
    """Write the file of an address to the path ``part``, and resume what is there of it.

    Parameters
    ----------
    url : str
    part : Path
    size : int, optional
        Bytes of the file, if known.
    bar : callable, optional
        Is called with the number of bytes so far and that of the whole, or None.

    Raises
    ------
    Refused
        The server cannot be reached, refuses, or does not send the whole file.
    """
    for attempt in range(ATTEMPTS):
        try:
            return _try(url, part, size, bar or (lambda done, whole: None))
        except Broken as error:
            if attempt == ATTEMPTS - 1:
                raise Refused(f"{error}; tried {ATTEMPTS} times") from None


def _try(url, part, size, bar):
    """Do one request; translate its errors."""
    import requests

    try:
        _request(requests, url, part, size, bar)
    except requests.exceptions.RequestException as error:
        raise _explain(requests.exceptions, error) from None


def _request(requests, url, part, size, bar):
    done, mark = _resumable(url, part)
    headers = {"User-Agent": "npkpose", "Accept-Encoding": "identity"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": mark}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:  # there are no bytes after those that are there
            if response.headers.get("Content-Range") == f"bytes */{done}":
                return  # all of them are there
            part.unlink()
            raise Broken("has another version of the file now")
        response.raise_for_status()
        if url.startswith("https:") and not response.url.startswith("https:"):
            raise Refused("redirects to an address without encryption")
        start = _start(response, done)
        _remember(url, part, response)
        whole = _whole(response.headers, start)
        _receive(response, part, start, (whole or size, size or whole or MAX_SIZE), bar)


def _whole(headers, start):
    """Return the bytes of the whole file as the server states them, or None."""
    if headers.get("Content-Encoding", "identity") != "identity":
        return None  # the length is that of the compressed file
    return start + int(headers.get("Content-Length") or 0) or None


def _start(response, done):
    """Return the offset of the first byte that the server sends."""
    if response.status_code != 206:
        return 0
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != done:
        raise Refused("resumes at another byte than asked for")
    return done


def _receive(response, part, start, sizes, bar):
    """Write what the server sends behind the first ``start`` bytes of ``part``."""
    whole, most = sizes
    done = start
    with open(part, "r+b" if start else "wb") as file:
        file.truncate(start)
        file.seek(start)
        for block in response.iter_content(BLOCK):
            done += len(block)
            if done > most:
                raise Refused(f"sends more than the {most:,} bytes of the file")
            file.write(block)
            bar(done, whole)
    if whole is not None and done < whole:
        raise Broken(f"stopped after {done:,} of {whole:,} bytes")


def _resumable(url, part):
    """Return how many bytes are there of this address's file, and the server's mark; or 0."""
    try:
        origin = json.loads(beside(part, ".origin").read_text("utf-8"))
        if origin["url"] == url and origin["mark"]:
            return part.stat().st_size, origin["mark"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return 0, None


def _remember(url, part, response):
    """Record where the bytes come from; a weak mark does not tell versions apart."""
    mark = response.headers.get("ETag", "")
    if mark.startswith("W/") or not mark:
        mark = response.headers.get("Last-Modified")
    beside(part, ".origin").write_text(json.dumps({"url": url, "mark": mark}), "utf-8")


def _explain(kinds, error):
    """Return the `Refused` or `Broken` of an error of requests."""
    text = str(error)
    if isinstance(error, kinds.HTTPError):
        status = f"{error.response.status_code} {error.response.reason}"
        return Refused(f"says {status}" + _meaning(error.response.status_code))
    if isinstance(error, kinds.TooManyRedirects):
        return Refused("redirects in a circle")
    if isinstance(error, kinds.SSLError):
        return Refused("has a certificate that is not valid, so it may be another server")
    if isinstance(error, kinds.ConnectTimeout):
        return Refused(f"does not answer within {TIMEOUT[0]:g} s")
    if isinstance(error, kinds.ReadTimeout) or "Read timed out" in text:
        return Broken(f"sent nothing for {TIMEOUT[1]:g} s")
    if isinstance(error, kinds.ChunkedEncodingError):
        return Broken("broke the connection off before the end of the file")
    if isinstance(error, kinds.ConnectionError):
        is_reset = "reset" in text or "aborted" in text
        how = "broke the connection off" if is_reset else "cannot be reached"
        return Broken(how) if is_reset else Refused(how)
    return Refused(f"gives an answer that is no file: {text:.200}")


def _meaning(status):
    """Return what a status says about the file."""
    if status in (404, 410):
        return ": the file is no longer there"
    if status in (401, 403):
        return ": it does not give the file to everybody"
    return ": try again later" if status >= 500 or status == 429 else ""
