from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from markdown import markdown


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(markdown(Path("page.md").read_text()).encode())


if __name__ == "__main__":
    HTTPServer(("", 8000), Page).serve_forever()
