"""Passwords of users: which are taken, how they are kept (as PINs are: argon2, and the hash sealed) and checked."""

from __future__ import annotations

from gateway.core import passwords
from gateway.errors import GatewayError
from gateway.services.pins import NOBODYS, hash_pin, is_of


def hashed(password: str) -> str:
    """The form in which a password goes to the store, which seals it."""
    return hash_pin(passwords.normal(password))


def is_right(stored: str | None, password: str) -> bool:
    """Whether this is the password; it takes as long where there is none."""
    return is_of(stored or NOBODYS, passwords.normal(password)) and stored is not None


def check(password: str, *names: str) -> None:
    """GatewayErrors `password:short`, `password:long`, `password:common`, `password:name` where it may be nobody's."""
    fault = passwords.fault(password, *names)
    if fault:
        raise GatewayError(f"password:{fault}", least=passwords.LEAST, most=passwords.MOST, where="password")
