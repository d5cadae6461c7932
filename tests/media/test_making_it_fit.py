"""Renditions within a platform's limits, and thumbnails."""

from __future__ import annotations

import socket
from pathlib import Path

import av
import pytest
from PIL import Image

import media
from media import Fit
from media import ffmpeg as ffmpeg_runner

UPRIGHT = ["red", "green", "blue", "white"]
JPEG_OR_PNG = ("image/jpeg", "image/png")
MP4 = ("video/mp4",)


def fitted(source, target, fit):
    """Clean, fit, and check what every rendition must keep."""
    asset = media.clean(source, target.with_name("asset"))
    made = media.fit(target.with_name("asset"), target, asset, fit)
    assert media.fits(made, fit)
    assert made == media.probe(target)
    return made


def test_a_file_within_all_limits_needs_no_rendition(picture):
    facts = media.probe(picture("a.jpg"))
    assert media.fits(facts, Fit("image", JPEG_OR_PNG, 1_000_000, max_pixels=64_000, max_side=320))


@pytest.mark.parametrize(
    "fit",
    [
        Fit("video", MP4, 1_000_000),
        Fit("image", ("image/png",), 1_000_000),
        Fit("image", JPEG_OR_PNG, 100),
        Fit("image", JPEG_OR_PNG, 1_000_000, max_pixels=63_999),
        Fit("image", JPEG_OR_PNG, 1_000_000, max_side=319),
        Fit("image", JPEG_OR_PNG, 1_000_000, codecs=("png",)),
    ],
)
def test_one_limit_exceeded_is_enough_to_need_one(picture, fit):
    assert not media.fits(media.probe(picture("a.jpg")), fit)


def test_a_fit_names_its_renditions_for_good():
    fit = Fit("image", JPEG_OR_PNG, 2_000_000, max_pixels=8_300_000, max_side=4096)
    assert fit.key == "image-jpeg+png-b2000000-p8300000-s4096-r1"
    video = Fit(
        "video", MP4, 99, max_seconds=90.5, max_frame_rate=60, codecs=("h264", "aac"), animation=False
    )
    assert video.key == "video-mp4-b99-t90.5-f60-h264+aac-still-r1"


def test_a_picture_is_shrunk_in_its_shape(picture, nearest, tmp_path):
    made = fitted(picture("a.jpg"), tmp_path / "made", Fit("image", JPEG_OR_PNG, 1_000_000, max_side=160))
    assert (made.mime, made.width, made.height) == ("image/jpeg", 160, 100)
    with Image.open(tmp_path / "made") as image:
        assert nearest(image) == UPRIGHT


def test_pixels_are_kept_within_the_limit(picture, tmp_path):
    made = fitted(
        picture("a.png", "PNG"), tmp_path / "made", Fit("image", JPEG_OR_PNG, 10**6, max_pixels=16_000)
    )
    assert (made.mime, made.width, made.height) == ("image/png", 160, 100)


def test_quality_goes_before_pixels(noise, tmp_path):
    source = noise("a.jpg", "JPEG", 400, 300, quality=95)
    made = fitted(source, tmp_path / "made", Fit("image", JPEG_OR_PNG, int(source.stat().st_size * 0.7)))
    assert (made.width, made.height) == (400, 300)


def test_pixels_go_when_quality_is_not_enough(noise, tmp_path):
    source = noise("a.jpg", "JPEG", 600, 450, quality=95)
    made = fitted(source, tmp_path / "made", Fit("image", JPEG_OR_PNG, source.stat().st_size // 8))
    assert 240 <= made.width < 600


def test_a_png_that_is_too_heavy_becomes_a_jpeg(noise, tmp_path):
    source = noise("a.png", "PNG", 400, 300)
    made = fitted(source, tmp_path / "made", Fit("image", JPEG_OR_PNG, source.stat().st_size // 2))
    assert (made.mime, made.width) == ("image/jpeg", 400)


def test_only_accepted_formats_are_made(picture, tmp_path):
    made = fitted(picture("a.webp", "WEBP"), tmp_path / "made", Fit("image", ("image/jpeg",), 1_000_000))
    assert made.mime == "image/jpeg"


def test_transparency_is_laid_on_white_where_nothing_else_is_accepted(tmp_path):
    Image.new("RGBA", (300, 300), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    fitted(tmp_path / "clear.png", tmp_path / "made", Fit("image", ("image/jpeg",), 1_000_000))
    with Image.open(tmp_path / "made") as image:
        assert image.getpixel((150, 150)) == (255, 255, 255)


def test_transparency_stays_where_a_format_can_carry_it(tmp_path):
    Image.new("RGBA", (300, 300), (0, 0, 0, 0)).save(tmp_path / "clear.webp", lossless=True)
    made = fitted(tmp_path / "clear.webp", tmp_path / "made", Fit("image", JPEG_OR_PNG, 1_000_000))
    assert made.mime == "image/png"


def test_wide_colours_are_brought_into_srgb(tmp_path):
    """A profile with red and blue swapped stands for any that is not sRGB: ignoring it would show."""
    swapped = _swapped_profile()
    Image.new("RGB", (300, 300), (230, 20, 20)).save(tmp_path / "odd.png", icc_profile=swapped)
    fitted(tmp_path / "odd.png", tmp_path / "made", Fit("image", ("image/jpeg",), 1_000_000))
    with Image.open(tmp_path / "made") as image:
        red, _, blue = image.getpixel((150, 150))
        assert "icc_profile" not in image.info
    assert blue > 180 and red < 80


def _swapped_profile() -> bytes:
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_an_animation_shrinks_and_keeps_moving(animation, tmp_path, format):
    fit = Fit("image", ("image/jpeg", "image/gif", "image/webp"), 1_000_000, max_side=60)
    made = fitted(animation("moves", format), tmp_path / "made", fit)
    assert (made.animated, made.mime, made.width) == (True, f"image/{format.lower()}", 60)
    assert made.seconds == pytest.approx(0.4)


def test_an_animation_becomes_its_first_frame_where_nothing_may_move(animation, nearest, tmp_path):
    fit = Fit("image", ("image/gif", "image/jpeg"), 1_000_000, animation=False)
    made = fitted(animation("moves", "GIF"), tmp_path / "made", fit)
    assert not made.animated
    with Image.open(tmp_path / "made") as image:
        assert nearest(image) == UPRIGHT


def test_what_cannot_be_made_small_enough_is_refused_with_both_numbers(noise, tmp_path):
    source = noise("a.jpg", "JPEG", 400, 300)
    with pytest.raises(media.CannotFit) as refusal:
        media.fit(source, tmp_path / "made", media.probe(source), Fit("image", JPEG_OR_PNG, 500))
    assert refusal.value.code == "bytes"
    assert refusal.value.params["limit"] == 500 < refusal.value.params["measured"]
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("fit", "code"), [(Fit("image", ("image/bmp",), 10**6), "mime"), (Fit("video", MP4, 10**6), "kind")]
)
def test_what_cannot_be_made_at_all_says_why(picture, tmp_path, fit, code):
    source = picture("a.jpg")
    with pytest.raises(media.CannotFit) as refusal:
        media.fit(source, tmp_path / "made", media.probe(source), fit)
    assert refusal.value.code == code


def test_a_video_is_scaled_slowed_and_kept_within_its_bytes(video, tmp_path):
    source = video("a.mp4", size="640x360", seconds=4, rate=50)
    fit = Fit("video", MP4, source.stat().st_size // 3, max_side=480, max_frame_rate=30)
    made = fitted(source, tmp_path / "made", fit)
    assert made.codecs == ("h264", "aac")
    assert made.width <= 480 and made.width / made.height == pytest.approx(16 / 9, rel=0.02)
    assert made.frame_rate == pytest.approx(30, abs=0.1)
    assert made.seconds == pytest.approx(4, abs=0.2)


def test_h264_in_another_container_is_only_wrapped_anew(video, tmp_path):
    source = video("a.mov")
    fit = Fit("video", MP4, 10**7)
    made = fitted(source, tmp_path / "made", fit)
    assert made.mime == "video/mp4"
    assert made.size == pytest.approx(source.stat().st_size, rel=0.02)


def test_a_webm_becomes_h264(video, tmp_path):
    source = video("a.webm", codec=("-c:v", "libvpx", "-deadline", "realtime"), sound=("-c:a", "libopus"))
    assert fitted(source, tmp_path / "made", Fit("video", MP4, 10**7)).codecs == ("h264", "aac")


def test_a_video_without_sound_stays_without(video, tmp_path):
    source = video("a.mp4", sound=("-an",))
    assert fitted(source, tmp_path / "made", Fit("video", MP4, 10**7, max_side=200)).codecs == ("h264",)


def test_a_video_filmed_upright_is_encoded_upright(video, ffmpeg, tmp_path):
    ffmpeg("-display_rotation", "90", "-i", video("flat.mov"), "-c", "copy", tmp_path / "upright.mov")
    made = fitted(tmp_path / "upright.mov", tmp_path / "made", Fit("video", MP4, 10**7, max_side=160))
    assert (made.width, made.height) == (90, 160)


def test_high_dynamic_range_is_toned_down_for_other_screens(video, tmp_path):
    hlg = "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc"
    x265 = (
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p10le",
        "-x265-params",
        "log-level=none",
    )
    source = video("hdr.mp4", codec=("-vf", hlg, *x265, "-tag:v", "hvc1"), seconds=1)
    fitted(source, tmp_path / "made", Fit("video", MP4, 10**7, codecs=("h264", "aac")))
    assert _transfer(source) == (18, "yuv420p10le")
    assert _transfer(tmp_path / "made") == (1, "yuv420p")
    media.poster(source, tmp_path / "poster.jpg", media.probe(source))
    with Image.open(tmp_path / "poster.jpg") as image:
        assert image.size == (320, 180)


def _transfer(path: Path) -> tuple[int, str]:
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        return context.color_trc, context.pix_fmt


def test_too_long_a_video_cannot_fit(video, tmp_path):
    source = video("a.mp4", seconds=3)
    with pytest.raises(media.CannotFit) as refusal:
        media.fit(source, tmp_path / "made", media.probe(source), Fit("video", MP4, 10**7, max_seconds=2))
    assert refusal.value.code == "seconds"
    assert refusal.value.params == {"measured": pytest.approx(3, abs=0.1), "limit": 2}


def test_too_many_seconds_for_the_bytes_cannot_fit(video, tmp_path):
    source = video("a.mp4", seconds=3)
    with pytest.raises(media.CannotFit) as refusal:
        media.fit(source, tmp_path / "made", media.probe(source), Fit("video", MP4, 20_000))
    assert refusal.value.code == "bytes"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4"]


def test_ffmpeg_is_ended_when_it_takes_too_long(video, tmp_path):
    source = video("a.mp4", size="640x360", seconds=4)
    slowest = ["-vf", "scale=3840:-2", "-c:v", "libx264", "-preset", "placebo"]
    with pytest.raises(ffmpeg_runner.TooSlow):
        ffmpeg_runner.run(source, "mov", slowest, tmp_path / "made", "mp4", seconds=0.2)


@pytest.mark.parametrize("demuxer", ["hls", "concat"])
def test_ffmpeg_reaches_no_server_even_through_a_playlist(tmp_path, demuxer):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        lists = {"hls": f"#EXTM3U\n#EXTINF:1,\n{url}\n", "concat": f"ffconcat version 1.0\nfile {url}\n"}
        (tmp_path / "list").write_text(lists[demuxer])
        with pytest.raises(ffmpeg_runner.Failed):
            ffmpeg_runner.run(
                tmp_path / "list", demuxer, ["-c", "copy"], tmp_path / "made", "mp4", seconds=20
            )
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("suffix", [".webp", ".jpg"])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "HEIF"])
def test_a_thumbnail_of_a_picture(picture, nearest, tmp_path, format, suffix):
    source, target = picture("a", format), tmp_path / f"small{suffix}"
    small = media.thumbnail(source, target, media.probe(source), side=80)
    assert (small.width, small.height) == (80, 50)
    with Image.open(target) as image:
        assert nearest(image) == UPRIGHT


def test_a_thumbnail_is_never_larger_than_the_picture(picture, tmp_path):
    source = picture("a.jpg")
    assert media.thumbnail(source, tmp_path / "small.webp", media.probe(source), side=4000).width == 320


def test_a_thumbnail_and_a_poster_of_a_video(video, tmp_path):
    source = video("a.mp4")
    facts = media.probe(source)
    small = media.thumbnail(source, tmp_path / "small.webp", facts, side=160)
    poster = media.poster(source, tmp_path / "poster.jpg", facts)
    assert (small.mime, small.width, small.height) == ("image/webp", 160, 90)
    assert (poster.mime, poster.width, poster.height) == ("image/jpeg", 320, 180)
    with Image.open(tmp_path / "poster.jpg") as image:
        assert len(image.convert("RGB").resize((40, 22)).getcolors(880)) > 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "poster.jpg", "small.webp"]
