"""Hands coded pictures on to RTSP clients; run by the system's Python, which has GStreamer's bindings.

/usr/bin/python3 rtsp_host.py

Standard input: one line of JSON {"host", "port", "mounts": {"/path": camera number}}, then records: camera number (u8),
whether it is a key picture (u8), presentation time in ns (u64), size (u32), all little-endian, and an H.264 access unit
in Annex B form. Standard output: "ready PORT", or "failed REASON". Ends with its input, after telling the clients.
Nothing of Parvis is imported: this file runs in another interpreter.
"""

import json
import struct
import sys
import threading
from typing import Any, BinaryIO

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

_RECORD = struct.Struct("<BBQI")
_CAPS = "video/x-h264,stream-format=byte-stream,alignment=au"
_NEEDED = ("appsrc", "h264parse", "rtph264pay")
_LAST_WORDS_MS = 400
"""So long clients have to fetch the last pictures."""


class Feed:
    """One running stream of one camera: it begins with a key picture, at the pipeline's own time."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._shift: int | None = None

    def push(self, data: bytes, time_ns: int, key: bool) -> None:
        """Hand on one picture."""
        if self._shift is None:
            if not key:
                return
            clock = self._source.get_clock()
            now = clock.get_time() - self._source.get_base_time() if clock is not None else 0
            self._shift = max(now, 0) - time_ns
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts = time_ns + self._shift
        buffer.dts = buffer.pts
        if not key:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        self._source.emit("push-buffer", buffer)

    def end(self) -> None:
        """Tell the clients that there is no more."""
        self._source.emit("end-of-stream")


class Camera(GstRtspServer.RTSPMediaFactory):
    """Makes the stream that all clients of one path see."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._feeds: list[Feed] = []
        self.set_shared(True)
        self.set_latency(0)

    def do_create_element(self, _url: object) -> Any:
        """Build the pipeline."""
        return Gst.parse_launch(
            f"( appsrc name=source is-live=true format=time block=false max-bytes=8000000 leaky-type=downstream "
            f"caps={_CAPS} ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
        )

    def do_configure(self, media: Any) -> None:
        """Begin to feed it; stop when its last client has gone."""
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        feed = Feed(media.get_element().get_by_name_recurse_up("source"))
        with self._lock:
            self._feeds.append(feed)

        def gone(_media: Any) -> None:
            with self._lock:
                if feed in self._feeds:
                    self._feeds.remove(feed)

        media.connect("unprepared", gone)

    def push(self, data: bytes, time_ns: int, key: bool) -> None:
        """Hand one picture to whoever is there."""
        with self._lock:
            for feed in self._feeds:
                feed.push(data, time_ns, key)

    def end(self) -> None:
        """Tell all clients that there is no more."""
        with self._lock:
            for feed in self._feeds:
                feed.end()


def feed_from(stream: BinaryIO, by_camera: dict[int, list[Camera]], loop: Any) -> None:
    """Read records until the input ends."""
    while len(head := stream.read(_RECORD.size)) == _RECORD.size:
        number, key, time_ns, size = _RECORD.unpack(head)
        data = stream.read(size)
        if len(data) < size:
            break
        for camera in by_camera.get(number, ()):
            camera.push(data, time_ns, bool(key))
    for cameras in by_camera.values():
        for camera in cameras:
            camera.end()
    GLib.timeout_add(_LAST_WORDS_MS, loop.quit)


def main() -> None:
    """Serve until the input ends."""
    Gst.init(None)
    missing = [name for name in _NEEDED if Gst.ElementFactory.find(name) is None]
    if missing:
        print(f"failed GStreamer has no {', '.join(missing)}", flush=True)
        return
    stream = sys.stdin.buffer
    wanted = json.loads(stream.readline())
    server = GstRtspServer.RTSPServer()
    server.set_address(wanted["host"])
    server.set_service(str(wanted["port"]))
    by_camera: dict[int, list[Camera]] = {}
    for path, number in wanted["mounts"].items():
        camera = Camera()
        server.get_mount_points().add_factory(path, camera)
        by_camera.setdefault(number, []).append(camera)
    if not server.attach(None):
        print("failed the port is taken", flush=True)
        return
    loop = GLib.MainLoop()
    threading.Thread(target=feed_from, args=(stream, by_camera, loop), daemon=True).start()
    print(f"ready {server.get_bound_port()}", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
