"""The shop's page, with the number of orders; GET /health says whether the orders can be reached."""

import http.server
import urllib.request

ORDERS = "http://db:8081/orders"


def orders():
    with urllib.request.urlopen(ORDERS, timeout=2) as answer:
        return answer.read().decode().splitlines()


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("/etc/shop/title") as file:
            title = file.read().strip()
        try:
            status, text = 200, f"{title}: {len(orders())} orders\n"
        except OSError as error:
            status, text = 503, f"{title} is closed: {error}\n"
        body = text.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("", 8080), Shop).serve_forever()
