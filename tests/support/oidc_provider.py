"""A small OpenID Connect provider on loopback, to try single sign-on: discovery, authorisation with PKCE, tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "salesbridge", "oidc-canary-secret"


class Provider(ThreadingHTTPServer):
    """The provider; ``claims`` are those of whoever signs in next."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "k1"})
        self.claims = {"sub": "7", "email": "olive@example.com", "email_verified": True}
        self.asked = {}

    def token(self, query):
        """What the token endpoint answers; None refuses."""
        asked = self.asked.pop(query.get("code", ""), None)
        if asked is None:
            return None
        verifier = hashlib.sha256(query["code_verifier"].encode()).digest()
        if asked["code_challenge"] != base64.urlsafe_b64encode(verifier).decode().rstrip("="):
            return None
        now = int(time.time())
        claims = {**self.claims, "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        if nonce := asked.get("nonce"):
            claims["nonce"] = nonce
        signed = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key)
        return {
            "access_token": secrets.token_urlsafe(16),
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": signed,
        }


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        at = self.server.url
        if url.path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "userinfo",
                     "jwks_uri": "jwks"}  # fmt: skip
            self._json({"issuer": at, **{name: f"{at}/{path}" for name, path in names.items()}})
        elif url.path == "/authorize":
            code = secrets.token_urlsafe(8)
            self.server.asked[code] = query
            self.send_response(302)
            self.send_header(
                "Location", f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
            )
            self.end_headers()
        elif url.path == "/jwks":
            self._json({"keys": [{**self.server.key.as_dict(private=False), "alg": "RS256", "use": "sig"}]})
        elif url.path == "/userinfo":
            self._json(self.server.claims)
        else:
            self._json({"error": "not_found"}, 404)

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        found = self.server.token({name: values[0] for name, values in parse_qs(sent).items()})
        self._json(found or {"error": "invalid_grant"}, 200 if found else 400)

    def _json(self, body, status=200):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def provider():
    """A provider that runs."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
