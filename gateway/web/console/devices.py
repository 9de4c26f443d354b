"""What a browser calls itself, in a few words of our own: by these she knows again where she is signed in.

>>> device_of("Mozilla/5.0 (Linux; Android 13; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36")
'Chrome, Android'
>>> device_of("curl/8.5.0")
''
"""

from __future__ import annotations

# In this order: many call themselves what others are as well.
BROWSERS = (
    *(("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("UCBrowser/", "UC Browser"), ("SamsungBrowser/", "Samsung Internet")),
    *(("OPR/", "Opera"), ("Opera", "Opera"), ("Edg", "Edge"), ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("Safari/", "Safari")),
)
SYSTEMS = (
    *(("KAIOS", "KaiOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")),
    *(("CrOS", "ChromeOS"), ("Mac OS", "Mac"), ("Linux", "Linux")),
)


def device_of(user_agent: str) -> str:
    """The browser and the system, as far as we know them."""
    found = (next((name for sign, name in known if sign in user_agent), "") for known in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, found))
