"""A real RTSP camera for tests: plays an H.264 file over rtsp://127.0.0.1:PORT/cam in real time.

/usr/bin/python3 tests/reference/rtsp_server.py FILE.mp4 [--port N] [--once] [--shared] [--user U --password P]

Runs under Debian's own Python with gir1.2-gst-rtsp-server-1.0 and GStreamer's plugins good, bad and ugly. The coded
pictures are passed on as they are, so that what a client decodes can be compared with the file bit by bit. Every
client sees the file from its beginning; with --shared all see the same running stream, as from a real camera.
Prints "ready rtsp://127.0.0.1:PORT/cam" when it listens; PORT 0 takes a free one.
"""

import argparse
import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

_CAPS = "video/x-h264,stream-format=byte-stream,alignment=au"


def read_pictures(path: Path) -> list[tuple[bytes, int, int, int]]:
    """Return every coded picture of an MP4 file: data, presentation and decoding time, duration (ns)."""
    pipeline = Gst.parse_launch(
        f'filesrc location="{path}" ! qtdemux ! h264parse config-interval=-1 ! {_CAPS} ! appsink name=out sync=false'
    )
    out = pipeline.get_by_name("out")
    pipeline.set_state(Gst.State.PLAYING)
    pictures = []
    while (sample := out.emit("pull-sample")) is not None:
        buffer = sample.get_buffer()
        pictures.append((buffer.extract_dup(0, buffer.get_size()), buffer.pts, buffer.dts, buffer.duration))
    pipeline.set_state(Gst.State.NULL)
    if not pictures:
        sys.exit(f"{path}: holds no H.264 pictures in an MP4 file")
    return pictures


class Camera(GstRtspServer.RTSPMediaFactory):
    """Makes the stream of each client."""

    def __init__(self, pictures: list, once: bool) -> None:
        super().__init__()
        self._pictures = pictures
        self._once = once
        stamps = [stamp for _, pts, dts, _ in pictures for stamp in (pts, dts) if stamp != Gst.CLOCK_TIME_NONE]
        self._first = min(stamps)
        self._length = max(pts + duration for _, pts, _, duration in pictures) - min(pts for _, pts, _, _ in pictures)

    def do_create_element(self, _url: object) -> Gst.Element:
        """Build the pipeline."""
        return Gst.parse_launch(
            f"( appsrc name=source format=time block=false max-bytes=200000 caps={_CAPS},"
            "framerate=(fraction)0/1 ! h264parse ! rtph264pay name=pay0 pt=96 )"
        )

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        """Feed this stream from the first picture on."""
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        source = media.get_element().get_by_name_recurse_up("source")
        state = {"next": 0}

        def feed(appsrc: Gst.Element, _wanted: int) -> None:
            turn, index = divmod(state["next"], len(self._pictures))
            if turn and self._once:
                appsrc.emit("end-of-stream")
                return
            data, pts, dts, duration = self._pictures[index]
            buffer = Gst.Buffer.new_wrapped(data)
            shift = turn * self._length - self._first
            buffer.pts, buffer.duration = pts + shift, duration
            if dts != Gst.CLOCK_TIME_NONE:
                buffer.dts = dts + shift
            state["next"] += 1
            appsrc.emit("push-buffer", buffer)

        source.connect("need-data", feed)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password")
    given = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(given.port))
    camera = Camera(read_pictures(given.file), given.once)
    camera.set_shared(given.shared)
    if given.user:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "user")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(given.user, given.password), token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("user", GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, True)
        permissions.add_permission_for_role("user", GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, True)
        camera.set_permissions(permissions)
    server.get_mount_points().add_factory("/cam", camera)
    if not server.attach(None):
        sys.exit(f"port {given.port} cannot be listened on")
    print(f"ready rtsp://127.0.0.1:{server.get_bound_port()}/cam", flush=True)
    GLib.MainLoop().run()


main()
