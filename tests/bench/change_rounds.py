"""G3's check: change a customer by the service, commit, get its tile over HTTP, look; eight wrk connections hammer the same tile meanwhile.

Runs in its own process, because its Django talks to the benchmark's database.
"""

import gzip
import http.client
import json
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

import django
import mapbox_vector_tile

django.setup()

from django.utils import timezone

from customers import services
from customers.models import Account
from layers import access
from spatial.tiles import tile_at

Z = 16


def main(address: str, cookie: str, rounds: int) -> None:
    account = Account.objects.select_related("point").order_by("pk")[4321]
    x, y = tile_at(account.point.geom.x, account.point.geom.y, Z)
    path = f"/tiles/customers/{Z}/{x}/{y}.mvt"
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.headers["Cookie"] = "{cookie}"\nwrk.headers["Accept-Encoding"] = "gzip"\n')
        script.flush()
        with subprocess.Popen(
            ["wrk", "-t1", "-c8", "-d600s", "-s", script.name, address + path], stdout=subprocess.PIPE, text=True
        ) as readers:
            stale = sum(not is_fresh(address, path, cookie, account.pk, number) for number in range(rounds))
            readers.send_signal(2)
            report = readers.communicate()[0]
    reads = next((int(line.split()[0]) for line in report.splitlines() if " requests in " in line), 0)
    print(json.dumps({"rounds": rounds, "stale": stale, "reads": reads}))


def is_fresh(address: str, path: str, cookie: str, account_id: int, number: int) -> bool:
    name = f"Round {number}"
    version = Account.objects.values_list("version", flat=True).get(pk=account_id)
    command = services.CustomerEdit(account_id=account_id, base_version=version, fields={"name": name})
    services.edit_customers([command], user=access.everybody(), at=timezone.now())
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
    features = mapbox_vector_tile.decode(gzip.decompress(connection.getresponse().read()))["customers"]["features"]
    connection.close()
    return next(feature["properties"]["name"] for feature in features if feature["id"] == account_id) == name


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
