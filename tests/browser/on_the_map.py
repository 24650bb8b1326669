"""Find places on the map as a person does: by the coordinates that the lower edge shows under the pointer."""

import math
import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

LonLat = tuple[float, float]


def wait_until_complete(page: Page) -> None:
    """Wait for the map and everything around it: before that a key or a press finds nobody. A busy machine takes its time."""
    page.locator("[data-complete] #map .ol-viewport").first.wait_for(state="attached", timeout=30_000)


@dataclass
class OpenMap:
    """The map in a page (wide or tablet layout). Pixels are the page's; lon before lat."""

    page: Page

    def read(self, x: float, y: float) -> LonLat:
        """Put the pointer there and read its coordinates."""
        # From somewhere else, so that the pointer moves even when it was there before.
        self.page.mouse.move(x - 3, y - 3)
        self.page.mouse.move(x, y)
        shown = self.page.get_by_title("Coordinates at the pointer").first
        expect(shown).to_contain_text(re.compile(r"\d"))
        self.page.wait_for_timeout(60)
        numbers = re.findall(r"-?\d+\.\d+", shown.inner_text())
        return float(numbers[0]), float(numbers[1])

    def pixel_of(self, place: LonLat) -> tuple[float, float]:
        """Return where that place is drawn now. The map must have come to rest."""
        west_x, north_y, east_x, south_y = self._free_box()
        west, north = self.read(west_x, north_y)
        east, south = self.read(east_x, south_y)
        x = west_x + (place[0] - west) / (east - west) * (east_x - west_x)
        y = north_y + (_mercator(place[1]) - _mercator(north)) / (_mercator(south) - _mercator(north)) * (south_y - north_y)
        return x, y

    def click(self, place: LonLat) -> None:
        self.page.mouse.click(*self.pixel_of(place))

    def drag(self, start: LonLat, end: LonLat) -> None:
        """Press on one place, move in steps, release on the other."""
        start_pixel, end_pixel = self.pixel_of(start), self.pixel_of(end)
        mouse = self.page.mouse
        mouse.move(*start_pixel)
        mouse.down()
        mouse.move((start_pixel[0] + end_pixel[0]) / 2, (start_pixel[1] + end_pixel[1]) / 2, steps=4)
        mouse.move(*end_pixel, steps=4)
        mouse.up()

    def _free_box(self) -> tuple[float, float, float, float]:
        """Return a box of the page (left, top, right, bottom) in which the bare map is under the pointer."""
        box = self.page.locator("#map").bounding_box()
        assert box
        free = self.page.evaluate(
            """([x, y, w, h]) => {
                const bare = (px, py) => document.elementFromPoint(px, py)?.closest("#map") !== null;
                const middle = [x + w / 2, y + h / 2];
                const found = [];
                for (const [fx, fy] of [[0.05, 0.12], [0.3, 0.15], [0.4, 0.2], [0.45, 0.25], [0.5, 0.25]])
                    if (bare(x + w * fx, y + h * fy)) { found.push([x + w * fx, y + h * fy]); break; }
                for (const [fx, fy] of [[0.9, 0.85], [0.7, 0.8], [0.64, 0.75], [0.64, 0.45], [0.6, 0.4]])
                    if (bare(x + w * fx, y + h * fy)) { found.push([x + w * fx, y + h * fy]); break; }
                return found;
            }""",
            [box["x"], box["y"], box["width"], box["height"]],
        )
        assert len(free) == 2, "No bare map in sight."
        return free[0][0], free[0][1], free[1][0], free[1][1]


def metres_between(a: LonLat, b: LonLat) -> float:
    """Return metres on a sphere, good to half a percent."""
    lat = math.radians((a[1] + b[1]) / 2)
    return math.hypot((b[0] - a[0]) * math.cos(lat), b[1] - a[1]) * 111_195


def _mercator(lat: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
