"""Serve GridAtlas on the listening socket that supervisord opened and passes to every web process as descriptor 0.

`uvicorn --fd` would take the socket for a Unix one; asyncio then leaves Nagle's algorithm on, which holds a live event back.
"""

import os
import socket

import uvicorn

if __name__ == "__main__":
    config = uvicorn.Config(
        "config.asgi:application",
        ws="websockets-sansio",
        # A bigger frame is refused with 1009 while it arrives; nothing that a browser says to /ws/map comes near.
        ws_max_size=65_536,
        # Live frames are encoded once for all sockets; compression would make them anew for each.
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        proxy_headers=True,
        # Whose X-Forwarded-For is believed; the audit keeps the address that comes out.
        forwarded_allow_ips=os.environ.get("TRUSTED_PROXIES", "127.0.0.1"),
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=0)])
