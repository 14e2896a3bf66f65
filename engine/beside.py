"""The engine's server beside another program, which is told where it is and by which key."""

import asyncio
import os
import signal
from collections.abc import Sequence

from engine.api.server import ProviderServer


async def beside(server: ProviderServer, command: Sequence[str]) -> int:
    """Serve while the command runs; its exit status. It is told to end as this program is."""
    async with server:
        told = {"ENGINE_URL": server.files_url, "ENGINE_KEY": server.api_key}
        program = await asyncio.create_subprocess_exec(*command, env={**os.environ, **told})
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # a terminal tells both
        loop.add_signal_handler(signal.SIGTERM, program.terminate)
        try:
            return await program.wait()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
            if program.returncode is None:
                program.kill()
                await program.wait()
