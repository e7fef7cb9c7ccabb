"""Keeps orders in a file: POST /orders adds one, GET /orders lists them."""

import http.server
import os

PATH = "/var/lib/orders/orders"


class Orders(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(PATH, "ab+") as file:
            file.seek(0)
            self.answer(200, file.read())

    def do_POST(self):
        order = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            with open(PATH, "ab") as file:
                file.write(order + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            print(f"an order is lost: {error}", flush=True)
            self.answer(507, b"no room\n")
            return
        self.answer(201, b"ordered\n")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("", 8081), Orders).serve_forever()
