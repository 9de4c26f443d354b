"""Addresses of APIs, to which our secrets go."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def api_address(text: str) -> str:
    """An address of an API without a slash at its end; ValueError where it is none, or would send our secrets over the open unencrypted.

    >>> api_address("https://api.example/3rdparty/v1/"), api_address("http://192.168.1.10:8080")
    ('https://api.example/3rdparty/v1', 'http://192.168.1.10:8080')
    """
    parts = urlsplit(text.rstrip("/"))
    host = parts.hostname or ""
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or parts.username:
        raise ValueError("it must be an address as https://host")
    if parts.scheme == "http" and not _is_nearby(host):
        raise ValueError("http is for a phone or server in your own network; use https")
    return parts.geturl()


def _is_nearby(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".local")
