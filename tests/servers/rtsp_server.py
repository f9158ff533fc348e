"""An RTSP server that plays recordings in a loop as cameras (gst-rtsp-server; runs under the system's Python).

Usage: rtsp_server.py [--port N] [--auth none|basic|digest] [--user U] [--password P] MOUNT=FILE...

FILE ends in .h264.mp4 or .h265.mp4; the word `audio` is a camera that only has a microphone. Says `ready PORT` when
it listens; port 0 takes a free one. Ends with its standard input, so that no server outlives the test that started it.
"""

import argparse
import os
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ROLE = "viewer"


def launch_line(path):
    if path == "audio":
        return "( audiotestsrc is-live=true ! audioconvert ! alawenc ! rtppcmapay name=pay0 pt=8 )"
    codec = "h265" if ".h265." in path else "h264"
    return (
        f"( filesrc location={path} ! qtdemux name=d d.video_0 ! queue ! {codec}parse config-interval=-1 "
        f"! rtp{codec}pay name=pay0 pt=96 config-interval=-1 )"
    )


def require_password(server, method, user, password):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, ROLE)
    if method == "basic":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    server.set_auth(auth)


def camera(path, locked):
    factory = GstRtspServer.RTSPMediaFactory()
    # A pipeline for each viewer: on a busy machine a shared one waits for a slow viewer while the server's only thread,
    # which would empty that viewer's queue, waits for the pipeline, and no camera answers any more.
    factory.set_shared(False)
    factory.set_launch(launch_line(path))
    if locked:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(ROLE, "media.factory.access", True)
        permissions.add_permission_for_role(ROLE, "media.factory.construct", True)
        factory.set_permissions(permissions)
    return factory


def end_with_parent():
    """Leave when standard input closes, however the parent died."""
    os.read(0, 1)
    os._exit(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", default="0")
    parser.add_argument("--auth", default="none", choices=["none", "basic", "digest"])
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password", default="Pa55word")
    parser.add_argument("mounts", nargs="+", metavar="MOUNT=FILE")
    wanted = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(wanted.port)
    if wanted.auth != "none":
        require_password(server, wanted.auth, wanted.user, wanted.password)
    for mount in wanted.mounts:
        name, _, path = mount.partition("=")
        server.get_mount_points().add_factory(f"/{name}", camera(path, wanted.auth != "none"))
    if server.attach(None) == 0:
        raise SystemExit("the port is taken")
    threading.Thread(target=end_with_parent, daemon=True).start()
    print("ready", server.get_bound_port(), flush=True)  # noqa: T201
    GLib.timeout_add_seconds(2, lambda: (server.get_session_pool().cleanup(), True)[1])
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
