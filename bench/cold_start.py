"""How long `tokenflow token` takes as a whole process, as a ratio to a bare start of Python.

Run it from a checkout: `python bench/cold_start.py [RUNS]`. The commands run in turn, A B C A B C ..., so that a
machine whose speed drifts slows all of them alike; the table shows medians and their ratio to the floor.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tokenflow.dev_issuer import DevIssuer

PROFILE = """
version: 1
app_type: service
issuer: {issuer}
client: {{id: service-quickstart, secret: {{env: SECRET}}}}
scopes: [itwin-platform]
"""
TOKENFLOW = str(Path(sys.executable).parent / "tokenflow")


def main(runs: int) -> None:
    with DevIssuer(access_token_lifetime=3600) as issuer, tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "bench.yaml"
        profile.write_text(PROFILE.format(issuer=issuer.url))
        environment = {**os.environ, "SECRET": "quickstart-secret", "TOKENFLOW_HOME": folder}
        token = [TOKENFLOW, "token", str(profile)]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -c 'import httpx'": [sys.executable, "-c", "import httpx"],
            "tokenflow schema": [TOKENFLOW, "schema"],
            "tokenflow token, stored": token,
            "tokenflow token --refresh (3 requests)": [*token, "--refresh"],
        }
        subprocess.run(token, env=environment, check=True, capture_output=True)
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                start = time.perf_counter()
                subprocess.run(command, env=environment, check=True, capture_output=True)
                times[name].append(time.perf_counter() - start)
    floor = statistics.median(times["python -c pass"])
    print("| command | median ms | ratio |\n|---|---|---|")
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"| {name} | {median * 1000:.0f} | {median / floor:.1f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
