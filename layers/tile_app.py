"""Serve tiles: a thin ASGI door for /tiles/{layer}/{z}/{x}/{y}.mvt, /tiles/{layer}.json and /basemaps/{key}/{z}/{x}/{y}.mvt.

Every request waits for one freshness read that began after it arrived (`freshness`), so the first tile after a COMMIT is fresh
and a sign-out counts at once. What people with the same scope may share is rendered once (`tile_cache`).
"""

import asyncio
import gzip
import hashlib
import json
import re
import uuid
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http.request import split_domain_port, validate_host
from django.utils import timezone

from layers import access, audit, basemap_tiles, refusals, registry, row_security, safe_headers, sessions, tokens
from layers.db_pool import DatabaseTooSlow, DatabaseUnavailable, Pool
from layers.freshness import Freshness, Person
from layers.registry import BadFilter, MapLayer, UnknownLayer
from layers.tile_cache import Tile, TileCache, TileKey
from layers.tile_json import tile_json
from layers.tile_sql import Filters, TileStatement, tile_arguments, tile_statement
from spatial.tile_files import tile_file
from spatial.tiles import TileOutsideRange, check_tile

log = structlog.get_logger()

Send = Callable[[Any], Awaitable[None]]
MAX_QUERY_BYTES = 2000
MAX_FILTER_WORDS = 50
# Small tiles are compressed in place: handing them to a thread costs more than it saves.
_GZIP_IN_PLACE_BYTES = 64_000
# Of a basemap's tile, unpacked; an archive that people brought may hold one that unpacks to gigabytes.
_MOST_TILE_BYTES = 16 * 1024 * 1024
_MEMO_SIZE = 20_000
# A statement holds its areas' polygons as text, so far fewer are kept.
_STATEMENTS = 500
_TILE_PATH = re.compile(r"/(tiles|basemaps)/([\w-]{1,80})/(-?\d{1,9})/(-?\d{1,12})/(-?\d{1,12})\.mvt")
_JSON_PATH = re.compile(r"/tiles/([^/]{1,80})\.json")
_SESSION_COOKIE = re.compile(rf"(?:^|;\s*){re.escape(settings.SESSION_COOKIE_NAME)}=([^;]*)")
_IDLE_HEADER = sessions.IDLE_HEADER.lower().encode()
_SAFETY_HEADERS = safe_headers.raw(safe_headers.NOTHING_POLICY)
_TILE_HEADERS = [(b"cache-control", b"private, no-cache"), (b"vary", b"Cookie, Accept-Encoding"), *_SAFETY_HEADERS]
_BASEMAP_HEADERS = [(b"cache-control", b"private, max-age=604800"), (b"vary", b"Cookie, Accept-Encoding"), *_SAFETY_HEADERS]
_BASEMAP = "select source_type || ' ' || source from layers_basemap where key = $1 and kind = 'vector' and enabled"
_GZIP = b"\x1f\x8b"
_MVT_TYPE = (b"content-type", b"application/vnd.mapbox-vector-tile")


class Refusal(Exception):
    """An answer other than a tile: a status, a code for programs and a sentence for people."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


class TileRequest(NamedTuple):
    """What the address asks for. `kind` is "tiles", "basemaps" or "json" (then the numbers mean nothing)."""

    kind: str
    name: str
    z: int
    x: int
    y: int
    filters: Filters


class TileServer:
    """Everything one event loop needs to serve tiles."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.cache = TileCache(settings.TILE_CACHE_MB * 1_000_000)
        self.freshness = Freshness(self._on_touched)
        self.pool = Pool(settings.TILE_CONNECTIONS)
        self.renders = 0
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="tiles")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._requests: dict[tuple[str, bytes], TileRequest] = {}
        self._session_keys: dict[bytes, str] = {}
        self._statements: dict[tuple[str, str, Filters, int], TileStatement | None] = {}

    async def answer(self, scope: dict[str, Any], send: Send) -> None:
        """Answer one request; whatever goes wrong leaves as problem+json."""
        person: Person | None = None
        try:
            cookie = tag = authorization = None
            takes_gzip = is_idle = False
            for name, value in scope["headers"]:
                if name == b"cookie":
                    cookie = value
                elif name == b"if-none-match":
                    tag = value
                elif name == b"authorization":
                    authorization = value
                elif name == b"accept-encoding":
                    takes_gzip = b"gzip" in value
                elif name == _IDLE_HEADER:
                    is_idle = True
            if scope["method"] not in ("GET", "HEAD"):
                raise Refusal(405, "method_not_allowed", "Tiles can only be read.")
            token = tokens.given(authorization.decode("latin-1")) if authorization else ""
            person = await self._bearer(scope, token) if token else await self._person(cookie, is_idle=is_idle)
            request = self._request(scope["path"], scope["query_string"])
            if request.kind == "tiles":
                tile = await self._tile(request, person)
                await self._send_tile(send, tile, person.scope(request.name), tag, takes_gzip)
            elif request.kind == "json":
                document = tile_json(registry.layer_for(person.user, request.name), base_url=_base_url(scope))
                await _send_json(send, 200, document, b"application/json")
            elif person.token_id:
                raise Refusal(403, "not_for_tokens", "An access token opens the layers that it was made for, no basemap.")
            else:
                await self._send_basemap(send, request, tag, takes_gzip)
        except Refusal as refusal:
            await self._refuse(scope, send, person, refusal)
        except tokens.WrongToken as error:
            await self._refuse(scope, send, person, Refusal(401, "bad_token", str(error)))
        except tokens.TooManyWrongTokens as error:
            await self._refuse(scope, send, person, Refusal(429, "throttled", str(error)))
        except UnknownLayer as error:
            await self._refuse(scope, send, person, Refusal(404, "unknown_layer", str(error)))
        except TileOutsideRange as error:
            await self._refuse(scope, send, person, Refusal(400, "tile_outside_range", str(error)))
        except BadFilter as error:
            await self._refuse(scope, send, person, Refusal(400, "bad_filter", str(error)))
        except DatabaseTooSlow as error:
            await self._refuse(scope, send, person, Refusal(503, "too_slow", f"{error} Zoom in or use fewer filters."))
        except DatabaseUnavailable as error:
            await self._refuse(scope, send, person, Refusal(503, "database_unavailable", f"{error} The map will catch up by itself."))

    async def _refuse(self, scope: dict[str, Any], send: Send, person: Person | None, refusal: Refusal) -> None:
        """Answer, and leave a row in the audit when somebody known wanted what is not there for them."""
        request_id = str(uuid.uuid4())
        await _send_problem(send, refusal, request_id)
        if person is None or refusal.status not in (403, 404):
            return
        kind, name = f"{scope['path'].strip('/')}/".split("/")[:2]
        layer = name.removesuffix(".json")[:40] if kind == "tiles" else kind
        wanted = refusals.Refusal(refusal.code, layer, f"{scope['method']} {scope['path']}", name[:80] if kind == "basemaps" else "")
        if work := refusals.recording(scope, person.user.pk, wanted, at=timezone.now(), request_id=request_id):
            await self.loop.run_in_executor(self._threads, work)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.freshness.close()
        self.pool.close()
        self._threads.shutdown(wait=True)

    async def _person(self, cookie: bytes | None, *, is_idle: bool) -> Person:
        if cookie is not None:
            session_key = self._session_keys.get(cookie)
            if session_key is None:
                match = _SESSION_COOKIE.search(cookie.decode("latin-1"))
                session_key = match[1] if match else ""
            if session_key:
                person = await self.freshness.person(session_key)
                if person is not None:
                    # Remembered only for somebody known: strangers' headers must not fill the memory.
                    _remember(self._session_keys, cookie, session_key)
                    if not is_idle and sessions.last_seen.is_due(session_key):
                        self._in_background(self._touch(session_key))
                    return person
        raise Refusal(401, "not_signed_in", "Sign in to see the map.")

    async def _bearer(self, scope: dict[str, Any], secret: str) -> Person:
        ip, digest = (scope.get("client") or [""])[0], tokens.digest_of(secret)
        tokens.wrong_tokens.check(ip, digest)
        person = await self.freshness.bearer(digest) if digest else None
        if person is None or person.token_id is None:
            tokens.wrong_tokens.was_wrong(ip)
            raise tokens.WrongToken
        tokens.wrong_tokens.was_right(digest)
        if tokens.is_use_due(person.token_id):
            self._in_background(self._note_use(scope, person.token_id))
        return person

    async def _note_use(self, scope: dict[str, Any], token_id: int) -> None:
        def work() -> None:
            try:
                with audit.coming_from(refusals.origin_of(scope)):
                    tokens.note_use(token_id, at=timezone.now())
            except DatabaseError as why:
                log.warning("token_use_not_noted", error=type(why).__name__)
            finally:
                # Rare enough that no thread keeps a connection for it.
                connection.close()

        await self.loop.run_in_executor(self._threads, work)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _touch(self, session_key: str) -> None:
        """Looking at the map is being there: the session's end moves on. Once a minute, and no tile waits for it."""
        try:
            await self.pool.run(sessions.touch_sql().format(key="$1"), "text", "%s", [session_key])
        except (DatabaseTooSlow, DatabaseUnavailable) as error:
            log.warning("session_not_touched", error=type(error).__name__)

    def _request(self, path: str, query: bytes) -> TileRequest:
        request = self._requests.get((path, query))
        if request is None:
            request = parse(path, query)
            _remember(self._requests, (path, query), request)
        return request

    async def _tile(self, request: TileRequest, person: Person) -> Tile:
        _, layer_id, z, x, y, filters = request
        key = TileKey(layer_id, z, x, y, person.scope(layer_id), filters)
        tile = self.cache.get(key)
        if tile is not None:
            return tile
        layer = registry.layer_for(person.user, layer_id)
        if access.is_private(key.scope):
            # What a customer holds is not told by the layer's stream, so nothing rendered for them is kept or shared.
            return await self._rendered(layer, key, person)
        render = self.cache.render(key)
        if render is None:
            task = self.loop.create_task(self._rendered(layer, key, person))
            self._tasks.add(task)
            render = self.cache.begin(key, task)
            task.add_done_callback(lambda done: self._finish(key, render, done))
        # Shielded: one reader who leaves must not take the tile from those who wait with them.
        return await asyncio.shield(render.task)

    async def _rendered(self, layer: MapLayer, key: TileKey, person: Person) -> Tile:
        statement = await self._statement(layer, key, person)
        if statement is None:
            return Tile(b"")
        self.renders += 1
        after = row_security.becoming(person.user.pk) if row_security.is_for(person.user) else ""
        [(encoded,)] = await self.pool.run(statement.sql, statement.types, tile_arguments(statement, key.z, key.x, key.y), after=after)
        return Tile(bytes(encoded))

    async def _statement(self, layer: MapLayer, key: TileKey, person: Person) -> TileStatement | None:
        """Return the statement for this zoom band, scope and filters; built once, in a thread, since Django's compiler may ask the database."""
        where = (key.layer_id, key.scope, key.filters, _band(layer, key.z))
        if where not in self._statements:
            try:
                statement = await self.loop.run_in_executor(self._threads, _compiled, layer, person, key)
            except DatabaseError as error:
                raise DatabaseUnavailable("The database is not reachable at the moment.") from error
            _remember(self._statements, where, statement, _STATEMENTS)
        return self._statements[where]

    def _finish(self, key: TileKey, render: Any, task: "asyncio.Task[Tile]") -> None:
        self._tasks.discard(task)
        failed = task.cancelled() or task.exception() is not None
        self.cache.finish(key, render, None if failed else task.result())

    def _on_touched(self, layer_id: str, boxes: Sequence[Any] | None) -> None:
        for layer in registry.layers():
            if layer_id in layer.changes_with or (boxes is None and layer_id in (layer.id, layer.follows)):
                self.cache.drop_layer(layer.id)
            elif boxes is not None and layer_id in (layer.id, layer.follows):
                self.cache.drop_touched(layer, boxes)

    async def _send_tile(self, send: Send, tile: Tile, scope: str, tag: bytes | None, takes_gzip: bool) -> None:
        answer = tile.answer_gzip if takes_gzip else tile.answer_plain
        if answer is None:
            answer = await self._answer_of(tile, scope, zipped=takes_gzip)
        start, body, etag, unchanged = answer
        if tag is not None and (tag == etag or _among(etag, tag)):
            await send(unchanged)
            await send(_NO_BODY)
            return
        await send(start)
        await send(body)

    async def _answer_of(self, tile: Tile, scope: str, *, zipped: bool) -> tuple[Any, ...]:
        """Make the messages that answer with this tile, once; gzip replaces the plain form, and is undone for the rare client without it."""
        content = tile.plain
        before = tile.size_bytes
        if zipped and tile.zipped is None and content:
            tile.zipped = await self._gzipped(content)
            tile.plain = tile.answer_plain = None
        elif not zipped and content is None and tile.zipped is not None:
            content = gzip.decompress(tile.zipped)
        body = (tile.zipped if zipped else content) or b""
        etag = f'"{_scope_hash(scope)}-{tile.digest}{"-gz" if zipped else ""}"'.encode()
        answer = _messages(body, etag, _TILE_HEADERS, zipped=zipped)
        if zipped:
            tile.answer_gzip = answer
        elif tile.plain is not None:
            tile.answer_plain = answer
        self.cache.resized(tile, tile.size_bytes - before)
        return answer

    async def _gzipped(self, content: bytes) -> bytes:
        if len(content) < _GZIP_IN_PLACE_BYTES:
            return _zipped(content)
        return await self.loop.run_in_executor(self._threads, _zipped, content)

    async def _send_basemap(self, send: Send, request: TileRequest, tag: bytes | None, takes_gzip: bool) -> None:
        if request.filters:
            raise Refusal(400, "bad_filter", "A basemap has no filters.")
        check_tile(request.z, request.x, request.y)
        found = await self.pool.run(_BASEMAP, "text", "%s", [request.name])
        if not found:
            raise Refusal(404, "unknown_basemap", f"There is no vector basemap “{request.name[:40]}”.")
        source_type, _, source = found[0][0].partition(" ")
        path = Path(source) if source_type == "pmtiles" else None
        try:
            content = await self.loop.run_in_executor(self._threads, _basemap_tile, path, request.z, request.x, request.y, takes_gzip)
        except (OSError, ValueError, zlib.error) as error:
            log.warning("basemap_unreadable", basemap=request.name, error=type(error).__name__)
            raise Refusal(503, "basemap_unreadable", f"The basemap “{request.name[:40]}” cannot be read at this place.") from error
        zipped = content[:2] == _GZIP
        etag = f'"{hashlib.blake2b(content, digest_size=9).hexdigest()}"'.encode()
        start, body, etag, unchanged = _messages(content, etag, _BASEMAP_HEADERS, zipped=zipped)
        if tag is not None and _among(etag, tag):
            start, body = unchanged, _NO_BODY
        await send(start)
        await send(body)


_server: TileServer | None = None


async def tile_app(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """The raw ASGI callable."""
    await server().answer(scope, send)


def server() -> TileServer:
    """Return the running loop's tile server; a new loop (tests) gets a new one."""
    global _server
    if _server is None or _server.loop is not asyncio.get_running_loop():
        _server = TileServer()
    return _server


def parse(path: str, query: bytes) -> TileRequest:
    """Read the address.

    Raises:
        Refusal: it is none of ours, or the query is absurd. TileOutsideRange: the tile is not on the grid.
    """
    match = _TILE_PATH.fullmatch(path)
    if match:
        kind, name, *numbers = match.groups()
        z, x, y = map(int, numbers)
        check_tile(z, x, y)
        return TileRequest(kind, name, z, x, y, _filters(query))
    match = _JSON_PATH.fullmatch(path)
    if match:
        return TileRequest("json", match[1], 0, 0, 0, ())
    raise Refusal(404, "not_found", "Tiles are found at /tiles/{layer}/{z}/{x}/{y}.mvt.")


def _filters(query: bytes) -> Filters:
    if not query:
        return ()
    if len(query) > MAX_QUERY_BYTES:
        raise Refusal(400, "bad_filter", f"The address is too long: filters may take {MAX_QUERY_BYTES} characters.")
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise Refusal(400, "bad_filter", "The filters of this address cannot be read.") from None
    words: dict[str, set[str]] = {}
    for name, value in pairs:
        words.setdefault(name, set()).update(word for word in value.split(",") if word)
    if any(not text.isprintable() for name in words for text in (name, *words[name])):
        raise Refusal(400, "bad_filter", "The filters of this address hold characters that nothing is called by.")
    if any(len(found) > MAX_FILTER_WORDS for found in words.values()):
        raise Refusal(400, "bad_filter", f"A filter takes at most {MAX_FILTER_WORDS} words.")
    # An empty filter ("?grade=") filters nothing.
    return tuple(sorted((name, tuple(sorted(found))) for name, found in words.items() if found))


def _compiled(layer: MapLayer, person: Person, key: TileKey) -> TileStatement | None:
    try:
        return tile_statement(layer, person.user, key.filters, key.z, from_pyramid=key.scope == access.EVERYTHING)
    finally:
        # Rare enough that no thread keeps a connection for it.
        connection.close()


def _band(layer: MapLayer, z: int) -> int:
    """Return a number equal for zooms that share a statement."""
    if layer.clusters and z < layer.clusters.below_zoom:
        return -1
    return sum(part.shown_at(z) << number for number, part in enumerate(layer.parts))


def _basemap_tile(path: Path | None, z: int, x: int, y: int, takes_gzip: bool) -> bytes:
    """Return a tile of the archive, of the bundled map when there is no path; empty when there is none. For a thread: it reads files.

    Raises:
        OSError, ValueError, zlib.error: the archive went away, or the tile is damaged or too large.
    """
    content = (tile_file(path).vector_tile(z, x, y) if path else basemap_tiles.vector_tile(z, x, y)) or b""
    if takes_gzip or content[:2] != _GZIP:
        return content
    unzip = zlib.decompressobj(31)
    plain = unzip.decompress(content, _MOST_TILE_BYTES)
    if not unzip.eof:
        raise ValueError(f"The tile {z}/{x}/{y} is cut off, or unpacks to more than {_MOST_TILE_BYTES:,} bytes.")
    return plain


def _zipped(content: bytes) -> bytes:
    # Level 6 would take twice the time and save a tenth of the bytes (docs/benchmarks.md, G1).
    return gzip.compress(content, 1, mtime=0)


def _scope_hash(scope: str) -> str:
    return hashlib.blake2b(scope.encode(), digest_size=4).hexdigest()


def _among(etag: bytes, tag: bytes) -> bool:
    return tag == b"*" or any(part.strip().removeprefix(b"W/") == etag for part in tag.split(b","))


def _remember(memo: dict[Any, Any], key: Any, value: Any, size: int = _MEMO_SIZE) -> None:
    # Forgetting all at once is cheap, rare and needs no order.
    if len(memo) >= size:
        memo.clear()
    memo[key] = value


_NO_BODY = {"type": "http.response.body", "body": b""}


def _messages(body: bytes, etag: bytes, headers: list[tuple[bytes, bytes]], *, zipped: bool) -> tuple[Any, ...]:
    own = [(b"etag", etag), *headers]
    if body:
        own += [_MVT_TYPE, (b"content-length", str(len(body)).encode())]
        if zipped:
            own.append((b"content-encoding", b"gzip"))
    start = {"type": "http.response.start", "status": 200 if body else 204, "headers": own}
    unchanged = {"type": "http.response.start", "status": 304, "headers": [(b"etag", etag), *headers]}
    return start, {"type": "http.response.body", "body": body}, etag, unchanged


def _base_url(scope: dict[str, Any]) -> str:
    """Return the address before /tiles as the client knows it.

    Raises:
        Refusal: the host is none of ours; its name would be written into the answer.
    """
    if settings.PUBLIC_URL:
        return settings.PUBLIC_URL.rstrip("/")
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1 or not validate_host(split_domain_port(hosts[0])[0], settings.ALLOWED_HOSTS):
        raise Refusal(400, "bad_request", "This host name is not answered here.")
    return f"{scope.get('scheme', 'http')}://{hosts[0]}"


async def _send_json(send: Send, status: int, content: Any, content_type: bytes, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"private, no-cache"),
        *_SAFETY_HEADERS,
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_problem(send: Send, refusal: Refusal, request_id: str) -> None:
    body = {
        "type": f"/errors/{refusal.code}",
        "title": refusal.code.replace("_", " ").capitalize(),
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "request_id": request_id,
    }
    extra = [
        (b"x-request-id", request_id.encode()),
        *([(b"retry-after", b"2")] if refusal.status == 503 else []),
        *([(b"retry-after", b"60")] if refusal.status == 429 else []),
        *([(b"www-authenticate", tokens.CHALLENGE.encode())] if refusal.code == "bad_token" else []),
        *([(b"allow", b"GET, HEAD")] if refusal.status == 405 else []),
    ]
    await _send_json(send, refusal.status, body, b"application/problem+json", extra)
