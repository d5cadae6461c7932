"""Writing posts to a Bluesky repository: once per key, within the lexicon, with blobs that exist."""

from typing import Any

import httpx
import pytest

from publishers.simulators import bluesky
from publishers.simulators.server import Server
from tests.publishers.simulators.people import MP4, POST, Skeeter, jpeg

IMAGES = "app.bsky.embed.images"


def error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def pictures(*blobs: dict[str, Any], alt: str = "a wall") -> dict[str, Any]:
    return {"$type": IMAGES, "images": [{"alt": alt, "image": blob} for blob in blobs]}


def link(start: int, end: int) -> list[dict[str, Any]]:
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com/"}
    return [{"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}]


def test_an_identical_record_is_put_again_without_a_commit(bluesky_server: Server, skeeter: Skeeter) -> None:
    key, record = skeeter.new_key(), skeeter.record("你好", langs=["zh"])
    first = skeeter.put(key, record, swapRecord=None).json()
    again = skeeter.put(key, dict(reversed(record.items())), swapRecord=None)
    assert again.status_code == 200 and "commit" not in again.json()
    assert (
        (again.json()["uri"], again.json()["cid"])
        == (first["uri"], first["cid"])
        == (skeeter.uri(key), first["cid"])
    )
    [published] = bluesky_server.control.records()
    assert (published["rkey"], published["requests"]) == (key, 2)


def test_another_record_under_a_used_key_is_an_invalid_swap(bluesky_server: Server, skeeter: Skeeter) -> None:
    key = skeeter.new_key()
    skeeter.put(key, skeeter.record("one"), swapRecord=None)
    assert error(skeeter.put(key, skeeter.record("two"), swapRecord=None)) == (400, "InvalidSwap")
    assert bluesky_server.control.records()[0]["text"] == "one"


def test_a_host_may_check_the_swap_before_it_looks_at_the_content() -> None:
    with bluesky.serve(swap_checked_first=True) as server:
        skeeter = Skeeter(server)
        key = skeeter.new_key()
        skeeter.put(key, skeeter.record("one"), swapRecord=None)
        assert error(skeeter.put(key, skeeter.record("one"), swapRecord=None)) == (400, "InvalidSwap")


def test_creating_under_a_used_key_is_an_untyped_500(skeeter: Skeeter) -> None:
    key = skeeter.new_key()
    assert skeeter.write("createRecord", rkey=key, record=skeeter.record("one")).status_code == 200
    again = skeeter.write("createRecord", rkey=key, record=skeeter.record("one"))
    assert error(again) == (500, "InternalServerError")


def test_a_record_is_read_back_and_an_absent_one_is_400(skeeter: Skeeter) -> None:
    key, record = skeeter.new_key(), skeeter.record("one")
    query = {"repo": skeeter.did, "collection": POST, "rkey": key}
    assert error(skeeter.get("com.atproto.repo.getRecord", **query)) == (400, "RecordNotFound")
    skeeter.put(key, record)
    assert skeeter.get("com.atproto.repo.getRecord", **query).json()["value"] == record


def test_deleting_is_idempotent(bluesky_server: Server, skeeter: Skeeter) -> None:
    key = skeeter.new_key()
    skeeter.put(key, skeeter.record("one"))
    assert [skeeter.write("deleteRecord", rkey=key).status_code for _ in range(2)] == [200, 200]
    assert bluesky_server.control.records()[0]["deleted"]


def test_records_are_listed_newest_first_in_pages(skeeter: Skeeter) -> None:
    keys = [skeeter.new_key() for _ in range(3)]
    for key in keys:
        skeeter.put(key, skeeter.record(key))
    query = {"repo": skeeter.did, "collection": POST, "limit": 2}
    page = skeeter.get("com.atproto.repo.listRecords", **query).json()
    assert [row["value"]["text"] for row in page["records"]] == sorted(keys, reverse=True)[:2]
    rest = skeeter.get("com.atproto.repo.listRecords", **query, cursor=page["cursor"]).json()
    assert [row["value"]["text"] for row in rest["records"]] == [min(keys)]


def test_nobody_writes_to_anothers_repository(bluesky_server: Server, skeeter: Skeeter) -> None:
    other = Skeeter(bluesky_server, "cy")
    assert (
        other.write("putRecord", repo=skeeter.did, rkey=other.new_key(), record=other.record("x")).status_code
        == 403
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"text": "字" * 301}, "grapheme too big (maximum 300, got 301)"),
        ({"text": "👩‍👩‍👧‍👦" * 130}, "string too big (maximum 3000"),
        ({"createdAt": "yesterday"}, "Invalid datetime"),
        ({"createdAt": "2026-11-23T20:00:00"}, "Invalid datetime"),
        ({"langs": ["zh", "en", "ja", "ko"]}, "array too big (maximum 3"),
        ({"text": "你好", "facets": link(0, 7)}, "outside the 6 bytes"),
        ({"text": "你好", "facets": link(0, 4)}, "cuts a character"),
        ({"text": "hello", "facets": link(3, 3)}, "outside the 5 bytes"),
        ({"reply": {"root": {"uri": "at://x", "cid": "y"}}}, "expected a reference at $.reply.parent"),
        ({"embed": {"$type": "app.bsky.embed.unknown"}}, "unknown embed"),
        ({"$type": "app.bsky.feed.like"}, "Invalid $type"),
    ],
)
def test_a_record_outside_the_lexicon_is_refused(
    skeeter: Skeeter, change: dict[str, Any], complaint: str
) -> None:
    answer = skeeter.put(skeeter.new_key(), {**skeeter.record("fine"), **change})
    assert error(answer) == (400, "InvalidRequest") and complaint in answer.json()["message"]


def test_300_families_of_text_fit(skeeter: Skeeter) -> None:
    assert skeeter.put(skeeter.new_key(), skeeter.record("字" * 300)).status_code == 200


def test_a_facet_may_end_with_the_text(skeeter: Skeeter) -> None:
    assert skeeter.put(skeeter.new_key(), skeeter.record("看 你好", facets=link(4, 10))).status_code == 200


def test_a_key_must_be_a_tid(skeeter: Skeeter) -> None:
    answer = skeeter.put("job-123", skeeter.record("one"))
    assert error(answer) == (400, "InvalidRequest") and "TID" in answer.json()["message"]


def test_pictures_are_published_with_their_words_and_served_again(
    bluesky_server: Server, skeeter: Skeeter
) -> None:
    blob = skeeter.upload(jpeg())
    assert skeeter.put(skeeter.new_key(), skeeter.record("look", embed=pictures(blob))).status_code == 200
    [published] = bluesky_server.control.records()
    assert (published["media_count"], published["media"][0]["alt"]) == (1, "a wall")
    query = {"did": skeeter.did, "cid": blob["ref"]["$link"]}
    assert skeeter.get("com.atproto.sync.getBlob", **query).content == jpeg()


def test_the_type_of_an_upload_is_told_from_its_bytes(skeeter: Skeeter) -> None:
    blob = skeeter.upload(b"%PDF-1.7 hello", "image/jpeg")
    assert blob["mimeType"] == "application/pdf"
    answer = skeeter.put(skeeter.new_key(), skeeter.record("look", embed=pictures(blob)))
    assert error(answer) == (400, "InvalidRequest")


def test_a_large_picture_is_taken_as_a_blob_and_refused_in_a_record(skeeter: Skeeter) -> None:
    blob = skeeter.upload(jpeg() + bytes(2_000_001))
    answer = skeeter.put(skeeter.new_key(), skeeter.record("look", embed=pictures(blob)))
    assert error(answer) == (400, "InvalidRequest") and "maximum 2000000" in answer.json()["message"]


def test_five_pictures_or_one_without_words_are_refused(skeeter: Skeeter) -> None:
    blob = skeeter.upload(jpeg())
    assert (
        "array too big"
        in skeeter.put(skeeter.new_key(), skeeter.record("x", embed=pictures(*[blob] * 5))).text
    )
    silent = {"$type": IMAGES, "images": [{"image": blob}]}
    assert "alt" in skeeter.put(skeeter.new_key(), skeeter.record("x", embed=silent)).json()["message"]


def test_an_unknown_or_forgotten_blob_is_not_found(bluesky_server: Server, skeeter: Skeeter) -> None:
    blob = skeeter.upload(jpeg())
    stranger = {**blob, "ref": {"$link": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"}}
    absent = skeeter.put(skeeter.new_key(), skeeter.record("x", embed=pictures(stranger)))
    assert error(absent) == (400, "BlobNotFound")
    bluesky_server.control.clock(3601)
    late = skeeter.put(skeeter.new_key(), skeeter.record("x", embed=pictures(blob)))
    assert error(late) == (400, "BlobNotFound")


def test_an_upload_beyond_the_hosts_limit_is_413() -> None:
    with bluesky.serve(blob_limit=1000) as server:
        skeeter = Skeeter(server)
        headers = {**skeeter.headers, "Content-Type": "image/jpeg"}
        answer = skeeter.http.post("com.atproto.repo.uploadBlob", content=bytes(1001), headers=headers)
        assert error(answer) == (413, "PayloadTooLarge")


def test_a_video_job_ends_with_a_blob_and_a_second_upload_finds_it(
    bluesky_server: Server, skeeter: Skeeter
) -> None:
    query = {"aud": "did:web:localhost", "lxm": "com.atproto.repo.uploadBlob"}
    token = skeeter.get("com.atproto.server.getServiceAuth", **query).json()["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "video/mp4"}
    address = f"app.bsky.video.uploadVideo?did={skeeter.did}&name=a.mp4"
    job = skeeter.http.post(address, content=MP4, headers=headers).json()
    assert "blob" not in job
    bluesky_server.control.clock(3)
    done = skeeter.http.get("app.bsky.video.getJobStatus", params={"jobId": job["jobId"]}).json()["jobStatus"]
    assert done["state"] == "JOB_STATE_COMPLETED"
    again = skeeter.http.post(address, content=MP4, headers=headers).json()
    assert (again["error"], again["blob"]) == ("already_exists", done["blob"])
    embed = {"$type": "app.bsky.embed.video", "video": done["blob"], "alt": "colour bars"}
    assert skeeter.put(skeeter.new_key(), skeeter.record("film", embed=embed)).status_code == 200


def test_writes_cost_points_by_the_hour(bluesky_server: Server, skeeter: Skeeter) -> None:
    bluesky_server.control.clock(3600 - bluesky_server.control.clock()["now"] % 3600)
    skeeter.session = skeeter.log_in().json()
    answers = []
    for number in range(1700):
        if number % 1000 == 999:
            bluesky_server.control.clock(301)
        answers.append(skeeter.write("createRecord", record=skeeter.record("x" * 301)))
        if answers[-1].status_code == 429:
            break
    assert (len(answers), answers[-1].headers["RateLimit-Policy"]) == (1667, "5000;w=3600")
