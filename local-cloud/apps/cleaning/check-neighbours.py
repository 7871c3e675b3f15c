"""What the check puts beside the application: Turnstile's siteverify on :80, a mail server on :25. Prints each mail."""

import json
import socketserver
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class Siteverify(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        good = form.get("secret") == ["check-turnstile"] and form.get("response") == ["human"]
        body = json.dumps({"success": good, "error-codes": [] if good else ["invalid-input-response"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 check\r\n")
        while line := self.rfile.readline().decode().strip():
            if line.upper() == "DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                mail = message_from_bytes(b"".join(lines), policy=policy.default)
                print(f"Subject: {mail['Subject']}\n{mail.get_content()}", flush=True)
            self.wfile.write(b"221 bye\r\n" if line.upper() == "QUIT" else b"250 check\r\n")


threading.Thread(target=socketserver.ThreadingTCPServer(("", 25), Smtp).serve_forever, daemon=True).start()
ThreadingHTTPServer(("", 80), Siteverify).serve_forever()
