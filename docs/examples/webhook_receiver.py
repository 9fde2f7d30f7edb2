"""Receives what `parvis live` tells, and believes only what is signed: python webhook_receiver.py SECRET [PORT]."""

import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = sys.argv[1]
OLDEST_S = 300
known: set[str] = set()


class Receiver(BaseHTTPRequestHandler):
    """Answers 200 to what is genuine, 401 to all else."""

    def do_POST(self) -> None:
        """Take one message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message_id, sent = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        coded = SECRET.startswith("whsec_")
        key = base64.b64decode(SECRET.removeprefix("whsec_")) if coded else SECRET.encode()
        signed = hmac.new(key, f"{message_id}.{sent}.".encode() + body, hashlib.sha256).digest()
        right = "v1," + base64.b64encode(signed).decode()
        genuine = hmac.compare_digest(right, self.headers["webhook-signature"])
        self.send_response(200 if genuine and abs(time.time() - int(sent)) < OLDEST_S else 401)
        self.end_headers()
        if genuine and message_id not in known:  # what is told twice has the same id
            known.add(message_id)
            message = json.loads(body)
            print(message["type"], message.get("subject", ""), message["data"], flush=True)


HTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 9100), Receiver).serve_forever()
