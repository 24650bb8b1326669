"""Serve GridAtlas on the listening socket that supervisord opened and passes to every web process as descriptor 0.

`uvicorn --fd` would take the socket for a Unix one; asyncio then leaves Nagle's algorithm on, which holds a live event back.
"""

import socket

import uvicorn

if __name__ == "__main__":
    config = uvicorn.Config(
        "config.asgi:application",
        ws="websockets-sansio",
        access_log=False,
        log_config=None,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=0)])
