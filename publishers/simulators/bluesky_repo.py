"""com.atproto.repo and com.atproto.sync of a simulated Bluesky host (reference server, packages/pds)."""

from __future__ import annotations

import time
from typing import Any

from werkzeug import Response

from publishers.simulators.bluesky_server import argument, json_body
from publishers.simulators.bluesky_state import POST, Account, Blob, Record, State, blob_cid, record_cid
from publishers.simulators.bluesky_tokens import Tokens, bad_request, xrpc_error
from publishers.simulators.bluesky_validation import PostRules, check_key
from publishers.simulators.pages import Pages
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.sniffing import mime_of_file
from publishers.simulators.wire import Call, answer

ABSENT = object()
PAGE = 100


class RepoApi:
    """Blobs and records."""

    def __init__(self, sim: Simulator, state: State, tokens: Tokens, pages: Pages) -> None:
        self._sim, self._state, self._tokens, self._pages = sim, state, tokens, pages

    def routes(self) -> list[Route]:
        """The endpoints."""
        repo = "/xrpc/com.atproto.repo"
        return [
            ("POST", f"{repo}.uploadBlob", self.upload),
            ("POST", f"{repo}.createRecord", self.create),
            ("POST", f"{repo}.putRecord", self.put),
            ("POST", f"{repo}.deleteRecord", self.delete),
            ("GET", f"{repo}.getRecord", self.get_record),
            ("GET", f"{repo}.listRecords", self.list_records),
            ("GET", f"{repo}.describeRepo", self.describe),
            ("GET", "/xrpc/com.atproto.sync.getBlob", self.get_blob),
        ]

    def upload(self, call: Call) -> Response:
        """com.atproto.repo.uploadBlob; type and size rules come with the record."""
        account = self._tokens.require(call)
        if (call.content_length or 0) > self._sim.settings.blob_limit:
            raise xrpc_error(413, "PayloadTooLarge", "request entity too large")
        return answer({"blob": blob_reference(self.keep(account, call))})

    def keep(self, account: Account, call: Call) -> Blob:
        """Store the body; its type is told from the bytes where that is possible."""
        with self._sim.storage.receiving(call.stream) as received:
            if received.size > self._sim.settings.blob_limit:
                raise xrpc_error(413, "PayloadTooLarge", "request entity too large")
            mime = mime_of_file(received.path) or call.mimetype or "application/octet-stream"
            cid, now = blob_cid(received.sha256), self._sim.clock.now()
            with self._sim.lock:
                self._sweep()
                known = self._state.blobs.get((account.did, cid))
                used = known is not None and known.used
                blob = Blob(cid, account.did, received.sha256, mime, received.size, now, used)
                self._sim.storage.keep(received)
                self._state.blobs[account.did, cid] = blob
                self._sim.changed.set()
        return blob

    def _sweep(self) -> None:
        oldest = self._sim.clock.now() - self._sim.settings.blob_ttl
        gone = [blob for blob in self._state.blobs.values() if not blob.used and blob.created_at < oldest]
        for blob in gone:
            del self._state.blobs[blob.did, blob.cid]
        for sha256 in {blob.sha256 for blob in gone} - {blob.sha256 for blob in self._state.blobs.values()}:
            self._sim.storage.forget(sha256)

    def create(self, call: Call) -> Response:
        """com.atproto.repo.createRecord; an occupied key is an untyped 500, as on the reference server."""
        account, body, collection = self._write(call)
        rkey = str(body.get("rkey") or self._state.new_tid(self._sim.clock.now()))
        with self._sim.lock:
            record, blobs = self._prepared(call, account, collection, rkey, body)
            if record.uri in self._state.records:
                raise xrpc_error(500, "InternalServerError", "Internal Server Error")
            return self._committed(call, record, blobs)

    def put(self, call: Call) -> Response:
        """com.atproto.repo.putRecord: identical is a no-op, ``swapRecord`` null demands that there be none."""
        account, body, collection = self._write(call)
        with self._sim.lock:
            record, blobs = self._prepared(call, account, collection, str(body.get("rkey") or ""), body)
            current = self._state.records.get(record.uri)
            swap = body.get("swapRecord", ABSENT)
            if self._sim.settings.swap_checked_first:
                self._check_swap(current, swap)
            if current is not None and current.cid == record.cid:
                current.requests += 1
                return answer({"uri": current.uri, "cid": current.cid, "validationStatus": "valid"})
            self._check_swap(current, swap)
            if current is not None:
                return self._updated(current, record, blobs)
            return self._committed(call, record, blobs)

    def delete(self, call: Call) -> Response:
        """com.atproto.repo.deleteRecord; deleting what is not there succeeds."""
        account, body, collection = self._write(call)
        with self._sim.lock:
            record = self._state.records.get(f"at://{account.did}/{collection}/{body.get('rkey')}")
            if record is None:
                return answer({})
            self._state.remove(record)
            self._sim.changed.set()
            return answer({"commit": self._commit(record)})

    def get_record(self, call: Call) -> Response:
        """com.atproto.repo.getRecord."""
        account = self._repo(argument(call, "repo"))
        uri = f"at://{account.did}/{argument(call, 'collection')}/{argument(call, 'rkey')}"
        record = self._state.records.get(uri)
        wanted = call.args.get("cid")
        if record is None or (wanted and wanted != record.cid):
            raise xrpc_error(400, "RecordNotFound", f"Could not locate record: {uri}")
        return answer({"uri": record.uri, "cid": record.cid, "value": record.value})

    def list_records(self, call: Call) -> Response:
        """com.atproto.repo.listRecords, newest key first unless ``reverse``."""
        account = self._repo(argument(call, "repo"))
        limit, cursor = call.args.get("limit", 50, type=int), call.args.get("cursor", "")
        if not 1 <= limit <= PAGE:
            raise bad_request("Error: limit must be between 1 and 100")
        backwards = call.args.get("reverse") == "true"
        with self._sim.lock:
            rows = self._state.of_collection(account.did, argument(call, "collection"))
        rows = rows[::-1] if backwards else rows
        if cursor:
            rows = [r for r in rows if (r.rkey > cursor if backwards else r.rkey < cursor)]
        page = rows[:limit]
        more = {"cursor": page[-1].rkey} if page else {}
        return answer({"records": [{"uri": r.uri, "cid": r.cid, "value": r.value} for r in page], **more})

    def describe(self, call: Call) -> Response:
        """com.atproto.repo.describeRepo."""
        account = self._repo(argument(call, "repo"))
        return answer(
            {"handle": account.handle, "did": account.did, "collections": [POST], "handleIsCorrect": True}
        )

    def get_blob(self, call: Call) -> Response:
        """com.atproto.sync.getBlob, in ranges if asked so."""
        blob = self._state.blobs.get((argument(call, "did"), argument(call, "cid")))
        if blob is None:
            raise xrpc_error(400, "BlobNotFound", "Blob not found")
        return self._pages.file(call, self._sim.storage.path(blob.sha256), blob.mime)

    def find_blob(self, did: str, cid: str) -> Blob | None:
        """An upload that was not swept away; the caller holds the lock."""
        oldest = self._sim.clock.now() - self._sim.settings.blob_ttl
        blob = self._state.blobs.get((did, cid))
        return blob if blob is not None and (blob.used or blob.created_at >= oldest) else None

    def _repo(self, identifier: str) -> Account:
        account = self._state.find(identifier)
        if account is None:
            raise bad_request(f"Could not find repo: {identifier}")
        return account

    def _write(self, call: Call) -> tuple[Account, dict[str, Any], str]:
        account, body = self._tokens.require(call), json_body(call)
        if self._state.find(str(body.get("repo") or "")) is not account:
            raise xrpc_error(403, "Forbidden", "Cannot write to a repository of another account")
        collection = str(body.get("collection") or "")
        if not collection:
            raise bad_request('Error: Input must have the property "collection"')
        if call.fault is not None and call.fault.kind == "slow_effect":
            time.sleep(call.fault.seconds)
        return account, body, collection

    def _prepared(
        self, call: Call, account: Account, collection: str, rkey: str, body: dict[str, Any]
    ) -> tuple[Record, list[Blob]]:
        value = body.get("record")
        if not isinstance(value, dict):
            raise bad_request('Error: Input must have the property "record"')
        value.setdefault("$type", collection)
        blobs: list[Blob] = []
        if collection == POST:
            check_key(rkey)
            rules = PostRules(
                lambda cid: self.find_blob(account.did, cid), self._sim.settings.image_blob_limit
            )
            blobs = rules.check(value)
        now = self._sim.clock.now()
        return Record(account.did, collection, rkey, record_cid(value), value, now, call.arrived), blobs

    def _check_swap(self, current: Record | None, swap: object) -> None:
        if swap is ABSENT:
            return
        found = current.cid if current is not None else None
        if swap != found:
            raise xrpc_error(400, "InvalidSwap", f"Record was at {found or 'null'}")

    def _committed(self, call: Call, record: Record, blobs: list[Blob]) -> Response:
        if not call.suffers("silent_drop"):
            self._state.add(record)
            for blob in blobs:
                blob.used = True
            self._sim.changed.set()
        return self._written(record)

    def _updated(self, current: Record, record: Record, blobs: list[Blob]) -> Response:
        current.value, current.cid = record.value, record.cid
        current.requests += 1
        for blob in blobs:
            blob.used = True
        self._sim.changed.set()
        return self._written(current)

    def _written(self, record: Record) -> Response:
        return answer(
            {
                "uri": record.uri,
                "cid": record.cid,
                "commit": self._commit(record),
                "validationStatus": "valid",
            }
        )

    def _commit(self, record: Record) -> dict[str, str]:
        rev = self._state.new_tid(self._sim.clock.now())
        return {"cid": record_cid({"rev": rev, "did": record.did}), "rev": rev}


def blob_reference(blob: Blob) -> dict[str, Any]:
    """A blob as records refer to it."""
    return {"$type": "blob", "ref": {"$link": blob.cid}, "mimeType": blob.mime, "size": blob.size}
