"""Ways to put text on a PDF's page where nobody sees it."""

from __future__ import annotations

from collections.abc import Callable

import pikepdf

from tests.security_twins.overlay import Overlay, Spot, boxed, font, written

Lines = tuple[str, ...]
Hide = Callable[[Overlay, Lines], None]


def _drawn(before: str, *, size: float = 9, below: bool = False, taken: bool = False) -> Hide:
    def hide(page: Overlay, lines: Lines) -> None:
        spot = page.taken if taken else page.free
        page.draw(written(lines, spot, size=size, before=before), below=below)

    return hide


def _at(x: float, y: float) -> Hide:
    return lambda page, lines: page.draw(written(lines, Spot(x, y)))


def _scaled_down(page: Overlay, lines: Lines) -> None:
    spot = page.free
    page.draw(f".08 0 0 .08 {spot.x} {spot.y} cm\n" + written(lines, Spot(0, 0)))


def _turned(page: Overlay, lines: Lines) -> None:
    page.draw("0 .6 -.6 0 7 100 cm\n" + written(lines, Spot(0, 0), before="1 g"))


def _behind_a_box(page: Overlay, lines: Lines) -> None:
    page.draw(written(lines, page.free) + "\n" + boxed(page.free, "1 g"))


def _behind_a_box_with_text_on_it(page: Overlay, lines: Lines) -> None:
    page.draw(written(lines, page.taken) + "\n" + boxed(page.taken, "1 g"), below=True)


def _behind_a_picture(page: Overlay, lines: Lines) -> None:
    page.add("XObject", "Grey", _picture(page, 0xEE))
    spot = page.free
    page.draw(f"{written(lines, spot)}\nq 420 0 0 36 {spot.x - 4} {spot.y - 26} cm /Grey Do Q")


def _as_its_ground(colour: str) -> Hide:
    def hide(page: Overlay, lines: Lines) -> None:
        page.draw(f"{boxed(page.free, colour)}\n{written(lines, page.free, before=colour)}")

    return hide


def _clipped(page: Overlay, lines: Lines) -> None:
    page.draw("0 0 2 2 re W n\n" + written(lines, page.free))


def _clipped_over_text(page: Overlay, lines: Lines) -> None:
    page.draw("0 0 2 2 re W n\n" + written(lines, page.taken))


def _transparent(page: Overlay, lines: Lines) -> None:
    page.add("ExtGState", "Clear", pikepdf.Dictionary(ca=0, CA=0))
    page.draw("/Clear gs\n" + written(lines, page.free))


def _masked(page: Overlay, lines: Lines) -> None:
    group = pikepdf.Dictionary(S=pikepdf.Name.Transparency, CS=pikepdf.Name.DeviceGray)
    form = page.pdf.make_stream(
        b"0 g 0 0 2000 2000 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form,
        BBox=[0, 0, 2000, 2000], Group=group,
    )  # fmt: skip
    mask = pikepdf.Dictionary(S=pikepdf.Name.Luminosity, G=form)
    page.add("ExtGState", "Masked", pikepdf.Dictionary(SMask=mask))
    page.draw("/Masked gs\n" + written(lines, page.free))


def _layer_off(page: Overlay, lines: Lines) -> None:
    _turn_off(page)
    page.draw(f"/OC /Off BDC\n{written(lines, page.free)}\nEMC")


def _form_of_a_layer_off(page: Overlay, lines: Lines) -> None:
    layer = _turn_off(page)
    form = _form(page, written(lines, page.free))
    form.OC = layer
    page.add("XObject", "Off", form)
    page.draw("/Off Do")


def _white_in_a_form(page: Overlay, lines: Lines) -> None:
    page.add("XObject", "White", _form(page, written(lines, page.free, before="1 g")))
    page.draw("/White Do")


def _empty_letters(page: Overlay, lines: Lines) -> None:
    empty = page.pdf.make_stream(b"500 0 d0")
    names = {chr(code): f"/g{code}" for code in range(32, 127)}
    page.add("Font", "Empty", pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type3, FontBBox=[0, 0, 1000, 1000],
        FontMatrix=[0.001, 0, 0, 0.001, 0, 0],
        CharProcs=pikepdf.Dictionary(dict.fromkeys(names.values(), empty)),
        Encoding=pikepdf.Dictionary(Differences=[32, *map(pikepdf.Name, names.values())]),
        FirstChar=32, LastChar=126, Widths=[500] * 95, ToUnicode=_to_unicode(page),
    ))  # fmt: skip
    page.draw(written(lines, page.free, face="Empty"))


def _told_otherwise(page: Overlay, lines: Lines) -> None:
    spot = page.free
    for number, line in enumerate(lines):
        page.draw(
            f"/Span << /ActualText ({line}) >> BDC\n"
            + written(("-",), Spot(spot.x, spot.y - 12 * number))
            + "\nEMC"
        )


def _hidden_note(flag: int) -> Hide:
    def hide(page: Overlay, lines: Lines) -> None:
        spot = page.free
        form = _form(page, written(lines, spot))
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, F=flag, Contents=" ".join(lines),
            DA="/Helv 9 Tf 0 g",
            Rect=[spot.x, spot.y - 40, spot.x + 400, spot.y + 12], AP=pikepdf.Dictionary(N=form),
        )  # fmt: skip
        form.BBox = note.Rect
        page.page.Annots = page.pdf.make_indirect(pikepdf.Array([page.pdf.make_indirect(note)]))

    return hide


def _turn_off(page: Overlay) -> pikepdf.Object:
    layer = page.pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="draft"))
    page.pdf.Root.OCProperties = pikepdf.Dictionary(
        OCGs=[layer], D=pikepdf.Dictionary(OFF=[layer], Order=[layer])
    )
    page.add("Properties", "Off", layer)
    return layer


def _form(page: Overlay, operators: str) -> pikepdf.Object:
    resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(Twin=page.pdf.make_indirect(font("Helvetica"))))
    return page.pdf.make_stream(
        operators.encode("cp1252"), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 2000, 2000],
        Resources=resources,
    )  # fmt: skip


def _picture(page: Overlay, grey: int) -> pikepdf.Object:
    return page.pdf.make_stream(
        bytes([grey]) * 64, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=8, Height=8,
        ColorSpace=pikepdf.Name.DeviceGray, BitsPerComponent=8,
    )  # fmt: skip


def _to_unicode(page: Overlay) -> pikepdf.Object:
    return page.pdf.make_stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"1 beginbfrange <20> <7E> <0020> endbfrange\nendcmap end end"
    )


HIDING: dict[str, Hide] = {
    "white": _drawn("1 g"),
    "white-under-text": _drawn("1 g", below=True, taken=True),
    "nearly-white": _drawn(".98 .98 .97 rg"),
    "white-of-four-inks": _drawn("0 0 0 0 k"),
    "white-outlines": _drawn("1 Tr 1 G"),
    "one-point": _drawn("", size=1),
    "scaled-down": _scaled_down,
    "squeezed": _drawn("1 Tz"),
    "white-on-its-side": _turned,
    "left-of-the-page": _at(-900, 400),
    "above-the-page": _at(60, 2000),
    "below-the-page": _at(40, -60),
    "behind-a-box": _behind_a_box,
    "behind-a-box-with-text-on-it": _behind_a_box_with_text_on_it,
    "behind-a-picture": _behind_a_picture,
    "black-on-black": _as_its_ground("0 g"),
    "blue-on-blue": _as_its_ground(".1 .2 .6 rg"),
    "clipped-away": _clipped,
    "clipped-away-over-text": _clipped_over_text,
    "invisible": _drawn("3 Tr"),
    "invisible-over-text": _drawn("3 Tr", taken=True),
    "for-clipping-only": _drawn("7 Tr"),
    "transparent": _transparent,
    "masked": _masked,
    "layer-off": _layer_off,
    "form-of-a-layer-off": _form_of_a_layer_off,
    "white-in-a-form": _white_in_a_form,
    "empty-letters": _empty_letters,
    "told-otherwise": _told_otherwise,
}
#: Notes that are never shown are never read: there is nothing to suspect in the text.
UNREAD: dict[str, Hide] = {"hidden-note": _hidden_note(2), "note-without-a-view": _hidden_note(32)}
#: Ways in which words are not parted any more: an order among them is not told from other text.
WORDLESS = ("squeezed", "told-otherwise")
