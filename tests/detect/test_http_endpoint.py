"""A real server on this machine that finds dark rectangles, and one for everything that it may do wrong."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from detect.detectors import build_detector
from detect.detectors.conformance import shortcomings
from detect.detectors.http_endpoint import TOKEN, HttpDetector
from detect.tracks import ObjectClass
from scenarios.errors import DetectorError
from scenarios.frame import Frame

PICTURE = np.full((240, 320, 3), 200, np.uint8)
PICTURE[60:160, 40:80] = 10


def frame(index=0, image=PICTURE):
    return Frame("north", index, index / 10, None, image)


class Server(ThreadingHTTPServer):
    """Keeps what it was asked; answers as its ``answer`` says."""

    daemon_threads = True

    def __init__(self):
        self.asked = []
        self.answer = dark
        self.connections = set()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/detect?model=a"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers)))
        self.server.connections.add(self.client_address)
        status, text = self.server.answer(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def dark(body):
    image = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    outlines, _ = cv2.findContours(
        (image.max(axis=2) < 60).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    boxes = [cv2.boundingRect(o) for o in outlines if cv2.contourArea(o) > 100]
    found = [{"box": [x, y, x + w, y + h], "confidence": 0.9, "label": "Person"} for x, y, w, h in boxes]
    found.append({"box": [0, 0, 5, 5], "confidence": 0.9, "label": "car"})
    return 200, json.dumps({"detections": found, "weights_sha256": "a" * 64}).encode()


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_it_keeps_the_contract(server):
    assert shortcomings(build_detector(server.url)) == []


def test_boxes_come_back_and_cars_are_dropped(server):
    detector = build_detector(server.url)
    found = detector.detect([frame()])[0]
    assert found.xyxy.tolist() == [[40, 60, 80, 160]]
    assert found.class_id.tolist() == [ObjectClass.PERSON]
    assert detector.weights_sha256 == "a" * 64


def test_one_connection_is_kept_and_the_other_side_is_told_to_start_anew(server, monkeypatch):
    monkeypatch.setenv(TOKEN, "canary-7c1")
    detector = HttpDetector(server.url)
    detector.detect([frame(0), frame(1)])
    detector.start(None)
    detector.detect([frame(2)])
    assert len(server.connections) == 1
    path, headers = server.asked[0]
    assert path == "/detect?model=a"
    assert headers["Authorization"] == "Bearer canary-7c1"
    assert (headers["X-Parvis-Camera"], headers["X-Parvis-Time"]) == ("north", "0.000000")
    assert ["X-Parvis-Start" in told for _, told in server.asked] == [True, False, True]


def test_a_connection_that_was_closed_is_opened_again(server):
    detector = HttpDetector(server.url)
    detector.detect([frame()])
    detector._connection.sock.close()
    assert len(detector.detect([frame(1)])[0]) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, b"oh"), "answered 500"),
        ((200, b"<html>"), "cannot be read"),
        ((200, b"[]"), "cannot be read"),
        ((200, b'{"detections": [{"box": [9, 9, 1, 1], "confidence": 1, "label": "person"}]}'), "x1 <= x2"),
        ((200, b'{"detections": [{"box": [NaN, 9, 10, 11], "confidence": 1, "label": "person"}]}'), "cannot be read"),
        ((200, b" " * 5_000_000), "more than 4 MB"),
    ],
)
def test_wrong_answers_are_one_sentence(server, answer, said, monkeypatch):
    monkeypatch.setenv(TOKEN, "canary-7c1")
    server.answer = lambda _: answer
    with pytest.raises(DetectorError, match=said) as caught:
        HttpDetector(server.url).detect([frame()])
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)


def test_nobody_there(server):
    url = server.url.replace(str(server.server_port), "9")
    with pytest.raises(DetectorError, match="does not answer"):
        HttpDetector(url, timeout_s=1.0).detect([frame()])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http:detector", "should be an address"),
        ("http://192.0.2.1/detect", "unencrypted; use https"),
        ("https://me:canary-7c1@192.0.2.1/detect", "no user or password"),
    ],
)
def test_addresses_that_are_not_taken(url, said):
    with pytest.raises(DetectorError, match=said) as caught:
        build_detector(url)
    assert "canary" not in str(caught.value)
