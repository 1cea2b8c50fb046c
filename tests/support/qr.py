"""QR codes are read by a decoder that another wrote: from an SVG of segno's, or from a picture."""

import re

import zxingcpp
from PIL import Image, ImageDraw


def read_picture(picture: Image.Image) -> list[str]:
    """Return what the QR codes of a picture say."""
    return [each.text for each in zxingcpp.read_barcodes(picture) if each.format.name == "QRCode"]


def read_svg(svg: str) -> str:
    """Return what the QR code of an SVG says. Raises `ValueError` unless there is one."""
    (side,) = re.findall(r'width="([0-9.]+)mm"', svg)
    (scale,) = re.findall(r'transform="scale\(([0-9.]+)\)"', svg)
    dots = round(float(side) / float(scale))
    picture = Image.new("L", (4 * dots, 4 * dots), 255)
    pen = ImageDraw.Draw(picture)
    x, y = 0.0, 0.0
    for move, given in re.findall(r"([Mmh])([-0-9. ]+)", re.findall(r' d="(M4[^"]*)"', svg)[0]):
        numbers = [float(each) for each in given.split()]
        if move == "h":
            pen.rectangle((4 * x, 4 * (y - 0.5), 4 * (x + numbers[0]) - 1, 4 * (y + 0.5) - 1), 0)
            x += numbers[0]
        else:
            x, y = (numbers[0], numbers[1]) if move == "M" else (x + numbers[0], y + numbers[1])
    (read,) = read_picture(picture)
    return read
