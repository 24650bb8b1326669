"""Draw the notice tiles `layers/data/no-imagery.png` and `imagery-down.png`: `python mapproxy/draw_notices.py`.

The drawn tiles are kept in the repository, so that no font is needed where GridAtlas runs. Without a CJK font here the
Chinese words are left out.
"""

import pathlib

from PIL import Image, ImageDraw, ImageFont

OUT = pathlib.Path(__file__).resolve().parents[1] / "layers" / "data"
CJK_FONT = pathlib.Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
SIZE, STRIPE = 256, 16
NOTICES = {
    "no-imagery": (("No imagery here", "此处无影像"), (232, 233, 235), (222, 224, 227), (104, 110, 118)),
    "imagery-down": (("Imagery source not answering", "影像服务无响应"), (240, 232, 218), (232, 221, 202), (122, 88, 32)),
}


def main() -> None:
    """Draw both and write them small: a palette of 32 colours is plenty."""
    for name, (words, light, dark, ink) in NOTICES.items():
        tile = _hatched(light, dark)
        draw = ImageDraw.Draw(tile)
        lines = words if CJK_FONT.exists() else words[:1]
        for number, line in enumerate(lines):
            font = ImageFont.truetype(str(CJK_FONT), 15) if CJK_FONT.exists() else ImageFont.load_default()
            draw.text((SIZE / 2, SIZE / 2 - 12 + 24 * number), line, fill=ink, font=font, anchor="mm", stroke_width=3, stroke_fill=light)
        path = OUT / f"{name}.png"
        tile.quantize(32).save(path, optimize=True)
        print(f"{path.name}: {path.stat().st_size} bytes")


def _hatched(light: tuple[int, int, int], dark: tuple[int, int, int]) -> Image.Image:
    """Return slanting stripes that go on without a seam from tile to tile."""
    tile = Image.new("RGB", (SIZE, SIZE), light)
    draw = ImageDraw.Draw(tile)
    for x in range(-SIZE, 2 * SIZE, 2 * STRIPE):
        draw.polygon([(x, SIZE), (x + STRIPE, SIZE), (x + STRIPE + SIZE, 0), (x + SIZE, 0)], fill=dark)
    return tile


if __name__ == "__main__":
    main()
