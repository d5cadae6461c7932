"""Kind by content, sizes as seen, and every refusal with its reason."""

from __future__ import annotations

import hashlib
import os
import resource
from pathlib import Path

import pytest

import media
from media import Limits


@pytest.mark.parametrize(
    ("format", "mime", "codec"),
    [
        ("JPEG", "image/jpeg", "mjpeg"),
        ("PNG", "image/png", "png"),
        ("WEBP", "image/webp", "webp"),
        ("GIF", "image/gif", "gif"),
        ("HEIF", "image/heic", "hevc"),
        ("AVIF", "image/avif", "av1"),
    ],
)
def test_a_picture_is_known_by_its_content(picture, format, mime, codec):
    path = picture("no-suffix-at-all", format)
    facts = media.probe(path)
    assert (facts.kind, facts.mime, facts.codecs) == ("image", mime, (codec,))
    assert (facts.width, facts.height, facts.pixels) == (320, 200, 64_000)
    assert facts.size == path.stat().st_size
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts.seconds, facts.frame_rate, facts.animated) == (None, None, False)


def test_a_wrong_extension_changes_nothing(picture):
    assert media.probe(picture("really-a-png.mp4", "PNG")).mime == "image/png"


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_width_and_height_are_those_a_viewer_sees(picture, orientation):
    facts = media.probe(picture("turned.jpg", orientation=orientation))
    assert (facts.width, facts.height) == (320, 200)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_a_picture_that_moves(animation, format):
    facts = media.probe(animation("moves", format))
    assert (facts.kind, facts.animated, facts.seconds) == ("image", True, pytest.approx(0.4))


def test_mp4_mov_and_webm_are_videos(video):
    mp4 = media.probe(video("a.mp4"))
    mov = media.probe(video("a.mov"))
    webm = media.probe(
        video("a.webm", codec=("-c:v", "libvpx", "-deadline", "realtime"), sound=("-c:a", "libopus"))
    )
    assert [facts.mime for facts in (mp4, mov, webm)] == ["video/mp4", "video/quicktime", "video/webm"]
    assert mp4.codecs == mov.codecs == ("h264", "aac")
    assert webm.codecs == ("vp8", "opus")
    for facts in (mp4, mov, webm):
        assert (facts.kind, facts.width, facts.height, facts.frame_rate) == ("video", 320, 180, 25)
        assert facts.seconds == pytest.approx(2, abs=0.1)


def test_a_video_filmed_upright_is_taller_than_wide(video, ffmpeg, tmp_path):
    ffmpeg("-display_rotation", "90", "-i", video("flat.mov"), "-c", "copy", tmp_path / "upright.mov")
    facts = media.probe(tmp_path / "upright.mov")
    assert (facts.width, facts.height) == (180, 320)


def test_a_video_recorded_by_a_browser_without_a_length_is_measured(video, ffmpeg, tmp_path):
    live = tmp_path / "live.webm"
    made = video("a.webm", codec=("-c:v", "libvpx", "-deadline", "realtime"), sound=("-an",))
    ffmpeg("-i", made, "-c", "copy", "-f", "webm", "-live", "1", live)
    assert media.probe(live).seconds == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.7\n1 0 obj\n", "pdf"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "svg"),
        (b"\xef\xbb\xbf<svg onload='alert(1)'/>", "svg"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "html"),
        ("春天的第一壺茶".encode(), "text"),
        (b"PK\x03\x04" + bytes(60), "zip"),
        (b"MZ" + bytes(60), "program"),
        (b"BM" + bytes(60), "bmp"),
        (b"II*\x00" + bytes(60), "tiff"),
        (b"ID3\x04" + bytes(60), "audio"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b"RIFF\x00\x00\x00\x00AVI LIST" + bytes(60), "avi"),
        (b"\x1aE\xdf\xa3\x93B\x82\x88matroska" + bytes(60), "matroska"),
        (bytes(range(128, 256)) * 3, "unknown"),
    ],
)
def test_what_is_not_taken_is_called_by_its_real_name(tmp_path, content, found):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    with pytest.raises(media.Unsupported) as refusal:
        media.probe(path)
    assert (refusal.value.code, refusal.value.params) == ("unsupported", {"found": found})


def test_sound_in_a_video_container_is_audio(tmp_path, ffmpeg):
    path = tmp_path / "sound.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", path)
    with pytest.raises(media.Unsupported) as refusal:
        media.probe(path)
    assert refusal.value.params == {"found": "audio"}


def test_an_empty_file_is_refused_as_empty(tmp_path):
    path = tmp_path / "empty.png"
    path.touch()
    with pytest.raises(media.Unreadable) as refusal:
        media.probe(path)
    assert refusal.value.code == "empty"


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF"])
def test_a_picture_cut_short_is_refused(noise, tmp_path, format, share):
    whole = noise("whole", format, 160, 120).read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: max(40, int(len(whole) * share))])
    with pytest.raises(media.Unreadable) as refusal:
        media.probe(cut)
    assert refusal.value.code == "broken"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("name", ["cut.mp4", "fast.mp4", "cut.mov", "cut.webm"])
def test_a_video_cut_short_is_refused(video, name, share):
    webm = {"codec": ("-c:v", "libvpx", "-deadline", "realtime"), "sound": ("-c:a", "libopus")}
    fast = {"extra": ("-movflags", "+faststart")} if name == "fast.mp4" else {}
    path = video(name, seconds=8, **(webm if name.endswith("webm") else fast))
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(media.Unreadable):
        media.probe(path)


def test_a_video_that_lacks_its_last_hundred_bytes_is_refused(video):
    path = video("fast.mp4", extra=("-movflags", "+faststart"))
    os.truncate(path, path.stat().st_size - 100)
    with pytest.raises(media.Unreadable):
        media.probe(path)


def test_a_trimmed_video_is_taken_in_its_new_length(video, ffmpeg, tmp_path):
    """Trimming leaves what was cut off in the file and only lists which part to play."""
    trimmed = tmp_path / "trimmed.mp4"
    ffmpeg("-ss", "2", "-t", "3", "-i", video("long.mp4", seconds=8), "-c", "copy", trimmed)
    assert media.probe(trimmed).seconds == pytest.approx(3, abs=0.2)
    assert media.clean(trimmed, tmp_path / "asset").seconds == pytest.approx(3, abs=0.2)


def test_damage_in_the_middle_of_a_video_is_refused(video):
    path = video("hurt.mp4", seconds=4)
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 8
    content[start : start + 20_000] = bytes(20_000)
    path.write_bytes(content)
    with pytest.raises(media.Unreadable):
        media.probe(path)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (12_000, 12_000), (100_001, 1000)])
def test_a_decompression_bomb_is_refused_by_its_header(png_header, width, height):
    path = png_header("bomb.png", width, height)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(media.TooLarge) as refusal:
        media.probe(path)
    assert refusal.value.code == "pixels"
    assert refusal.value.params["measured"] == width * height
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_an_animation_counts_the_pixels_of_all_its_frames(animation):
    path = animation("long.gif", "GIF", side=100, frames=12)
    with pytest.raises(media.TooLarge) as refusal:
        media.probe(path, Limits(animation_pixels=100_000))
    assert (refusal.value.code, refusal.value.params) == ("pixels", {"measured": 120_000, "limit": 100_000})


def test_too_many_bytes_are_refused_with_both_numbers(picture):
    path = picture("big.jpg")
    with pytest.raises(media.TooLarge) as refusal:
        media.probe(path, Limits(image_bytes=500))
    assert (refusal.value.code, refusal.value.params) == (
        "bytes",
        {"measured": path.stat().st_size, "limit": 500},
    )


def test_too_long_a_video_is_refused_with_both_numbers(video):
    with pytest.raises(media.TooLarge) as refusal:
        media.probe(video("long.mp4", seconds=3), Limits(seconds=2))
    assert refusal.value.code == "seconds"
    assert refusal.value.params["measured"] == pytest.approx(3, abs=0.1)


def test_too_long_a_video_that_states_no_length_is_refused_too(video, ffmpeg, tmp_path):
    live = tmp_path / "live.webm"
    made = video("a.webm", seconds=3, codec=("-c:v", "libvpx", "-deadline", "realtime"), sound=("-an",))
    ffmpeg("-i", made, "-c", "copy", "-f", "webm", "-live", "1", live)
    with pytest.raises(media.TooLarge):
        media.probe(live, Limits(seconds=2))


def test_a_playlist_dressed_as_a_video_reads_no_other_file(video, tmp_path):
    secret = video("secret.mp4")
    disguise = tmp_path / "list.mp4"
    disguise.write_bytes(b"\x00\x00\x00\x18ftypisom\n#EXTM3U\n#EXTINF:2,\n" + os.fsencode(secret) + b"\n")
    with pytest.raises(media.Unreadable):
        media.probe(disguise)


def test_importing_the_library_loads_neither_ffmpeg_nor_the_heic_decoder():
    import subprocess
    import sys

    script = "import media, sys; print(sorted({'av', 'pillow_heif', 'imageio_ffmpeg'} & set(sys.modules)))"
    root = Path(media.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
