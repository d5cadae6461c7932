"""A clean asset: the same picture, upright, in its colours; nothing about who, where or with what."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageCms, PngImagePlugin

import media

UPRIGHT = ["red", "green", "blue", "white"]
VP8 = {"codec": ("-c:v", "libvpx", "-deadline", "realtime"), "sound": ("-c:a", "libopus")}


def pixels_differ(one: Path, other: Path) -> int:
    """The largest difference of any channel of any pixel."""
    with Image.open(one) as a, Image.open(other) as b:
        extremes = ImageChops.difference(a.convert("RGB"), b.convert("RGB")).getextrema()
    return max(high for _, high in extremes)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_upright_and_tells_nothing(picture, nearest, secrets, tmp_path, format, orientation):
    target = tmp_path / "asset"
    facts = media.clean(picture("source", format, orientation=orientation), target)
    with Image.open(target) as kept:
        assert kept.format == format
        assert kept.size == (facts.width, facts.height) == (320, 200)
        assert not kept.getexif()
        assert nearest(kept) == UPRIGHT
    assert not [secret for secret in secrets if secret in target.read_bytes()]


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
def test_what_few_platforms_read_becomes_jpeg(picture, nearest, secrets, tmp_path, format):
    facts = media.clean(picture("phone", format), tmp_path / "asset")
    assert (facts.mime, facts.width, facts.height) == ("image/jpeg", 320, 200)
    with Image.open(tmp_path / "asset") as kept:
        assert nearest(kept) == UPRIGHT
    assert not [secret for secret in secrets if secret in (tmp_path / "asset").read_bytes()]


def test_transparency_outlives_heic(tmp_path, picture):
    picture("loads-the-plugin.heic", "HEIF")
    see_through = Image.new("RGBA", (64, 64), (200, 0, 0, 0))
    see_through.save(tmp_path / "source", "HEIF")
    assert media.clean(tmp_path / "source", tmp_path / "asset").mime == "image/png"
    with Image.open(tmp_path / "asset") as kept:
        assert kept.getpixel((30, 30))[3] == 0


def test_a_jpeg_that_needs_no_turning_keeps_every_pixel(noise, tmp_path):
    source = noise("photo.jpg", "JPEG", 200, 140, quality=90, comment=b"SECRET", progressive=True)
    media.clean(source, tmp_path / "asset")
    assert pixels_differ(source, tmp_path / "asset") == 0
    assert b"SECRET" not in (tmp_path / "asset").read_bytes()


def test_turning_a_jpeg_keeps_its_quantisation(picture, tmp_path):
    source = picture("turned.jpg", orientation=6, quality=88)
    media.clean(source, tmp_path / "asset")
    with Image.open(source) as before, Image.open(tmp_path / "asset") as after:
        for number, table in before.quantization.items():
            assert after.quantization[number] == [table[c * 8 + r] for r in range(8) for c in range(8)]


@pytest.mark.parametrize(
    ("format", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("WEBP", "RGBA")]
)
def test_depth_palette_and_transparency_stay(tmp_path, format, mode):
    source = tmp_path / "source"
    Image.linear_gradient("L").convert("I;16" if mode == "I;16" else mode).save(source, format, lossless=True)
    media.clean(source, tmp_path / "asset")
    with Image.open(source) as before, Image.open(tmp_path / "asset") as after:
        assert (after.mode, after.tobytes()) == (before.mode, before.tobytes())


def test_text_in_a_png_goes(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "SECRET")
    text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>SECRET</x:xmpmeta>", zip=True)
    Image.new("RGB", (20, 20), "red").save(tmp_path / "source.png", pnginfo=text)
    media.clean(tmp_path / "source.png", tmp_path / "asset")
    with Image.open(tmp_path / "asset") as kept:
        kept.load()
        assert kept.info == {}


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_an_animation_keeps_moving(animation, tmp_path, format):
    options = {"comment": b"SECRET"} if format == "GIF" else {"exif": b"Exif\x00\x00SECRET"}
    source = animation("moves", format, **options)
    facts = media.clean(source, tmp_path / "asset")
    assert (facts.animated, facts.seconds) == (True, pytest.approx(0.4))
    with Image.open(source) as before, Image.open(tmp_path / "asset") as after:
        assert after.n_frames == before.n_frames
        assert after.info.get("loop") == before.info.get("loop")
    assert b"SECRET" not in (tmp_path / "asset").read_bytes()


def test_a_colour_profile_is_kept(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (40, 40), "red").save(tmp_path / "wide.jpg", icc_profile=profile)
    media.clean(tmp_path / "wide.jpg", tmp_path / "asset")
    with Image.open(tmp_path / "asset") as kept:
        assert kept.info["icc_profile"] == profile


def test_printers_colours_become_screen_colours(tmp_path):
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    media.clean(tmp_path / "print.jpg", tmp_path / "asset")
    with Image.open(tmp_path / "asset") as kept:
        red, green, blue = kept.getpixel((20, 20))
    assert kept.mode == "RGB"
    assert red > 200 and green < 60 and blue < 60


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_second_file_hidden_behind_the_picture_goes(picture, tmp_path, format):
    source = picture("polyglot", format)
    source.write_bytes(source.read_bytes() + b"PK\x03\x04<script>%PDF-1.4 HIDDEN")
    media.clean(source, tmp_path / "asset")
    assert b"HIDDEN" not in (tmp_path / "asset").read_bytes()


def test_a_script_in_a_comment_goes(tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "a.jpg", comment=b"%PDF-1.4 <script>HIDDEN</script>")
    media.clean(tmp_path / "a.jpg", tmp_path / "asset")
    assert b"HIDDEN" not in (tmp_path / "asset").read_bytes()


def test_a_phones_second_picture_in_the_same_file_goes(tmp_path):
    first, second = Image.new("RGB", (64, 64), "red"), Image.new("RGB", (64, 64), "blue")
    first.save(tmp_path / "pair.jpg", "MPO", save_all=True, append_images=[second])
    facts = media.clean(tmp_path / "pair.jpg", tmp_path / "asset")
    assert (facts.mime, facts.animated) == ("image/jpeg", False)
    assert (tmp_path / "asset").read_bytes().count(b"\xff\xd8\xff") == 1


def test_rubbish_between_jpeg_segments_is_forgiven(tmp_path):
    held = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(held, "JPEG")
    content = held.getvalue()
    (tmp_path / "odd.jpg").write_bytes(content[:20] + b"\x00\x00" + content[20:])
    assert media.clean(tmp_path / "odd.jpg", tmp_path / "asset").width == 40


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.webm"])
def test_a_video_is_copied_without_its_tags(video, tmp_path, name):
    source = video(name, **(VP8 if name == "a.webm" else {}))
    facts = media.clean(source, tmp_path / "asset")
    before = media.probe(source)
    assert (facts.mime, facts.codecs, facts.width, facts.height) == (
        *(before.mime, before.codecs),
        *(before.width, before.height),
    )
    assert facts.seconds == pytest.approx(before.seconds, abs=0.05)
    content = (tmp_path / "asset").read_bytes()
    assert b"SECRET" in source.read_bytes() and b"+25.0339" in source.read_bytes()
    assert b"SECRET" not in content and b"+25.0339" not in content


def test_a_videos_pictures_are_the_very_same(video, tmp_path):
    source = video("a.mp4")
    media.clean(source, tmp_path / "asset")

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(video=0) if packet.size]

    assert packets(tmp_path / "asset") == packets(source)


def test_an_mp4_can_start_before_all_of_it_has_come(video, tmp_path):
    media.clean(video("a.mp4"), tmp_path / "asset")
    content = (tmp_path / "asset").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_video_filmed_upright_stays_upright(video, ffmpeg, tmp_path):
    ffmpeg("-display_rotation", "90", "-i", video("flat.mov"), "-c", "copy", tmp_path / "upright.mov")
    facts = media.clean(tmp_path / "upright.mov", tmp_path / "asset")
    assert (facts.width, facts.height) == (180, 320)


@pytest.mark.parametrize("name", ["a.jpg", "b.mp4", "c.mov", "d.webm", "e.heic"])
def test_the_same_upload_gives_the_same_bytes(picture, video, tmp_path, name):
    if name.endswith(("jpg", "heic")):
        source = picture(name, "HEIF" if name.endswith("heic") else "JPEG", orientation=6)
    else:
        source = video(name, **(VP8 if name.endswith("webm") else {}))
    one, two = media.clean(source, tmp_path / "one"), media.clean(source, tmp_path / "two")
    assert one == two
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("name", ["cut.jpg", "cut.mp4"])
def test_a_refused_upload_leaves_nothing_behind(picture, video, tmp_path, name):
    source = picture(name) if name.endswith("jpg") else video(name)
    source.write_bytes(source.read_bytes()[:-2000])
    folder = tmp_path / "assets"
    folder.mkdir()
    with pytest.raises(media.Unreadable):
        media.clean(source, folder / "asset")
    assert list(folder.iterdir()) == []
