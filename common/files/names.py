"""File names: cleaned for people to read, never part of a path.

What deceives a reader is refused (control and direction characters, a program dressed as a document). What some system
merely cannot write down is replaced.
"""

import re
import unicodedata

from common.files.errors import FileRefused

MAX_BYTES = 255
UNWRITABLE = re.compile(r'[<>:"|?*]')
DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)")
JOINERS = "\u200c\u200d"
"""invisible, and needed to write Persian, Indic scripts and emoji"""

PROGRAM = re.compile(
    "apk|app|appimage|appx|cab|chm|com|cpl|deb|dll|dmg|drv|exe|gadget|hta|img|ins|iso|jar|job|lnk|msc|msi|msix|msp|mst|"
    "pif|pkg|reg|rpm|scf|scr|sys|url|vhd|vhdx|xll"
)
SCRIPT = re.compile("bat|cmd|jse?|mjs|php|ps1|py|sh|vbe?|vbs|ws[fh]|html?|svg|xhtml")
"""source code like any other, unless it pretends to be a document"""
DOCUMENT = re.compile("csv|docx?|gif|jpe?g|mp4|odt|pdf|png|pptx?|rtf|txt|webm|webp|xlsx?|zip")


def display_name(name: str) -> str:
    """Return the name without folders, as people may see it; "" for no name. Raises `FileRefused`."""
    if not name:
        return ""
    refuse_deceptive(name)
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = " ".join(UNWRITABLE.sub("_", last).split()).rstrip(". ")
    if not clean.strip("."):
        raise refused("The name has no part that names a file.")
    if DEVICE.match(clean):
        clean = f"_{clean}"
    if len(clean.encode()) > MAX_BYTES:
        raise refused(f"A name has at most {MAX_BYTES} bytes in UTF-8.")
    refuse_program(clean)
    return clean


def refuse_deceptive(name: str) -> None:
    for character in name:
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Zl", "Zp"} or (category == "Cf" and character not in JOINERS):
            raise refused(f"The name holds the character U+{ord(character):04X}, which does not show.")


def refuse_program(name: str) -> None:
    *before, last = name.lower().split(".")
    if not before:
        return
    if PROGRAM.fullmatch(last):
        raise refused("Programs and installers are not accepted.")
    if SCRIPT.fullmatch(last) and DOCUMENT.fullmatch(before[-1].strip()):
        raise refused(f"The name pretends to be a .{before[-1].strip()} file.")


def refused(detail: str) -> FileRefused:
    return FileRefused(detail, code="file_name_refused", member="file_name")


def extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
