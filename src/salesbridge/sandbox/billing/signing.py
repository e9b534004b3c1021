"""The signature of a webhook: RSA PKCS#1 v1.5 with SHA-512 over time, full stop and body.

Source: the vendor's payload signature examples.
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HEADER = "X-Payload-Signature"
_BITS, _EXPONENT = 2048, 65537


class SigningKey:
    """The key pair of one app; the private half signs, the public half is handed to the receiver.

    Args:
        pem: The private key (PEM, not encrypted); empty: a new one of 2048 bits.

    Raises:
        ValueError: The text holds no RSA private key.
    """

    def __init__(self, pem: str = "") -> None:
        self._key = _read(pem) if pem else rsa.generate_private_key(_EXPONENT, _BITS)
        form, encoding = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.PEM
        self.public_pem = self._key.public_key().public_bytes(encoding, form).decode()

    def private_pem(self) -> str:
        """The private key as PEM, to keep it over the end of the process."""
        form, encoding = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
        return self._key.private_bytes(encoding, form, serialization.NoEncryption()).decode()

    def header(self, body: bytes, seconds: int) -> str:
        """The value of the signature's header for a body sent at a Unix time."""
        signature = self._key.sign(b"%d.%b" % (seconds, body), padding.PKCS1v15(), hashes.SHA512())
        return f"t={seconds},v={base64.b64encode(signature).decode()}"


def _read(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("The private key is not an RSA key; webhooks are signed with RSA")  # noqa: TRY004 - a bad value
    return key
