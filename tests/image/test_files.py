import io
import os
import struct
import sys
import tracemalloc
import zlib

import numpy as np
import pytest

from npkpose.image.files import FORMATS, read_image, write_image

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)


def test_a_written_image_is_read_back_and_grey_becomes_rgb(tmp_path, rng):
    pil = pytest.importorskip("PIL.Image")
    image = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write_image(tmp_path / "a.png", image)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)
    pil.fromarray(image[..., 0]).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png")[..., 2], image[..., 0])


def test_a_file_that_is_no_image_or_cut_short_is_named(tmp_path, rng):
    pytest.importorskip("PIL")
    (tmp_path / "text.png").write_text("hello", encoding="utf-8")
    with pytest.raises(ValueError, match="text.png"):
        read_image(tmp_path / "text.png")
    write_image(tmp_path / "a.png", rng.integers(0, 256, (50, 70, 3), dtype=np.uint8))
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:900])
    with pytest.raises(ValueError, match="cut.png"):
        read_image(tmp_path / "cut.png")
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png")


@pytest.mark.parametrize("name, samples", [
    ("a.png", GREY.astype(np.uint16) * 257), ("a.tiff", GREY.astype(np.uint16) * 257),
    ("high_byte.png", GREY.astype(np.uint16) * 256), ("a.pgm", GREY.astype(np.uint16) * 257),
    ("int.tiff", GREY.astype(np.int32)), ("int16.tiff", GREY.astype(np.int32) * 257),
    ("float.tiff", (GREY / 255).astype(np.float32)), ("a.pfm", (GREY / 255).astype(np.float32)),
    ("float255.tiff", GREY.astype(np.float32)), ("float16.tiff", GREY * np.float32(257)),
])  # fmt: skip
def test_16_bits_and_floats_are_scaled_to_8_bits(tmp_path, name, samples):
    pil = pytest.importorskip("PIL.Image")
    pil.fromarray(samples).save(tmp_path / name)
    np.testing.assert_array_equal(read_image(tmp_path / name), np.stack([GREY] * 3, axis=2))


@pytest.mark.parametrize("name", ["a.png", "a.pgm"])
def test_a_dark_image_of_16_bits_stays_dark(tmp_path, name):
    pil = pytest.importorskip("PIL.Image")
    pil.fromarray(GREY.astype(np.uint16)).save(tmp_path / name)  # 0 to 255 of 65,535
    assert (read_image(tmp_path / name) == 0).all()


@pytest.mark.parametrize("sample", [-1.0, np.nan, np.inf, 70000.0])
def test_values_of_no_known_range_are_refused(tmp_path, sample):
    pil = pytest.importorskip("PIL.Image")
    samples = np.array([[0, 0.5, sample]], np.float32)
    pil.fromarray(samples).save(tmp_path / "a.tiff")
    with pytest.raises(ValueError, match=r"a\.tiff: expected an image, got values from"):
        read_image(tmp_path / "a.tiff")


def test_a_photograph_of_a_telephone_with_two_jpegs_is_read(tmp_path):
    pil = pytest.importorskip("PIL.Image")
    image = pil.fromarray(np.stack([GREY] * 3, axis=2))
    image.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[image], quality=100)
    with pil.open(tmp_path / "a.jpg") as opened:
        assert opened.format == "MPO"
    assert read_image(tmp_path / "a.jpg").shape == (16, 16, 3)


def png(width, height, pixels):
    """Return a PNG file of three bytes per pixel, whose compressed data may be anything."""

    def chunk(name, data):
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def encoded(format):
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)).save(
        stream, format
    )
    return stream.getvalue()


def test_damaged_files_and_bombs_are_value_errors_that_name_the_file(tmp_path):
    pytest.importorskip("PIL")
    broken = bytearray(encoded("PNG"))
    broken[-20:-16] = b"\x02\x92\xd4\xf3"  # the checksum of the last chunk with pixels
    files = {
        "bomb.png": png(20000, 20000, zlib.compress(b"")), "broken.png": bytes(broken),
        "bad.ppm": b"P6\n4 4x\n255\n" + bytes(48), "empty.png": b"",
        "no.png": png(40, 30, b"no zlib stream"), "huge.png": png(2**31 - 1, 2**31 - 1, b""),
    }  # fmt: skip
    files |= {f"cut.{name}": encoded(name)[:-40] for name in ("TIFF", "WEBP", "JPEG2000")}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}: expected an image"):
            read_image(tmp_path / name)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name, content", [
    ("a.png", png(12000, 12000, zlib.compress(b""))), ("a.ppm", b"P6 12000 12000 255\n"),
    ("a.gif", b"GIF89a" + struct.pack("<HHBBB", 12000, 12000, 0, 0, 0) + b","
     + struct.pack("<HHHHB", 0, 0, 12000, 12000, 0) + b"\x02\x00;"),
    ("a.bmp", b"BM" + struct.pack("<IIIIiiHHIIIIII", 54, 0, 54, 40, 12000, 12000, 1, 24, *[0] * 6)),
], ids=["png", "ppm", "gif", "bmp"])  # fmt: skip
def test_more_pixels_than_a_file_can_hold_are_refused_before_they_are_allocated(
    tmp_path, name, content
):
    pytest.importorskip("PIL")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name}: .*12000 x 12000 pixels in {len(content)} b"):
        read_image(tmp_path / name)


def test_a_chunk_that_declares_4_gigabytes_takes_no_memory(tmp_path):
    pytest.importorskip("PIL")
    content = bytearray(encoded("PNG"))
    content[33:37] = b"\xff\xff\x00\x15"  # the length of the first chunk with pixels
    (tmp_path / "a.png").write_bytes(content)
    read_image(tmp_path / "a.png")  # imports Pillow's reader
    tracemalloc.start()
    assert read_image(tmp_path / "a.png").shape == (32, 32, 3)  # all pixels come before its end
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6


def test_a_black_frame_of_4k_is_read_however_small_its_file(tmp_path):
    pil = pytest.importorskip("PIL.Image")
    pil.new("L", (3840, 2160)).save(tmp_path / "a.png", optimize=True)
    image = read_image(tmp_path / "a.png")
    assert image.shape == (2160, 3840, 3) and not image.any()


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_every_damaged_byte_gives_an_image_or_a_value_error(tmp_path, rng):
    pil = pytest.importorskip("PIL.Image")
    path = tmp_path / "a.img"
    for format in sorted(set(FORMATS) & set(pil.SAVE) - {"JPEG2000", "AVIF"}):
        whole = np.frombuffer(encoded(format), np.uint8)
        for _ in range(30):
            content = whole.copy()
            content[rng.integers(min(200, len(content)), size=2)] = rng.integers(256, size=2)
            path.write_bytes(content.tobytes())
            try:
                assert read_image(path).dtype == np.uint8
            except ValueError as error:
                assert "a.img: expected an image" in str(error)


def test_postscript_is_refused_and_starts_no_program(tmp_path, monkeypatch):
    pytest.importorskip("PIL")
    program, log = tmp_path / "gs", tmp_path / "started"
    program.write_text(f"#!/bin/sh\ntouch {log}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for format in ("EPS", "PDF", "ICO", "PCX"):
        (tmp_path / "photo.jpg").write_bytes(encoded(format))
        with pytest.raises(ValueError, match="photo.jpg: expected an image .JPEG, .*, got "):
            read_image(tmp_path / "photo.jpg")
    assert not log.exists()


@pytest.mark.filterwarnings("ignore:.*EXIF:UserWarning")
def test_exif_data_rotate_an_image_and_damaged_ones_do_not_lose_it(tmp_path):
    pil = pytest.importorskip("PIL.Image")
    image = pil.fromarray(np.stack([GREY[:8]] * 3, axis=2))
    exif = image.getexif()
    exif[0x0112] = 6  # turn to the right
    image.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png")[..., 0], np.rot90(GREY[:8], -1))
    image.save(tmp_path / "b.png", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(read_image(tmp_path / "b.png")[..., 0], GREY[:8])


@pytest.mark.parametrize("image", [
    np.array([[[-1, 256, 0.9]]]), np.array([[[300, 1, 2]]]), np.zeros((2, 2, 3)),
    np.zeros((2, 0, 3), np.uint8), np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), bool),
])  # fmt: skip
def test_pixels_that_are_not_uint8_are_not_written(tmp_path, image):
    with pytest.raises(ValueError, match="image: expected shape"):
        write_image(tmp_path / "a.png", image)
    assert not os.listdir(tmp_path)


def test_without_pillow_the_error_says_which_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r'pip install "npkpose\[examples\]"'):
        read_image("a.png")
