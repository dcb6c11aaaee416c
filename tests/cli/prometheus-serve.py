#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Serves FILE... as metrics, the type by its ending: .om is OpenMetrics, else text.

Prints its port when it is ready."""
import http.server
import os
import sys

TYPES = {".om": "application/openmetrics-text; version=1.0.0; charset=utf-8"}
files = {"/" + os.path.basename(name): name for name in sys.argv[1:]}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = files.get(self.path)
        if not name:
            self.send_error(404)
            return
        kind = TYPES.get(os.path.splitext(name)[1], "text/plain; version=0.0.4; charset=utf-8")
        body = open(name, "rb").read()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
