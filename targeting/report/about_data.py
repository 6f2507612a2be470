"""What was read, what was refused and why, and which program wrote the page."""

from __future__ import annotations

from targeting.report.numbers import Night
from targeting.report.parts import Table, mapping, rows_of, title_of, whole
from targeting.report.speech import Speech


def data_table(night: Night, speech: Speech) -> Table:
    """Say of each source how many rows were read, used, set aside and refused."""
    rows, sums = [], [0, 0, 0, 0]
    for source, read in _read(night).items():
        refused, aside = _refused(night, source), _aside(night, source)
        counts = (read, max(0, read - refused - aside), aside, refused)
        sums = [a + b for a, b in zip(sums, counts, strict=True)]
        rows.append((title_of(source), *map(speech.number, counts)))
    return Table(
        "Data that went in",
        ("Source", "Rows read", "Used", "Set aside", "Refused"),
        tuple(rows),
        foot=("All sources", *map(speech.number, sums)) if rows else (),
        note="Refused rows stand in rejects.csv with their reasons.",
    )


def rows_read(night: Night) -> tuple[int, int]:
    """Count rows over all sources: read, refused."""
    read = _read(night)
    return sum(read.values()), sum(_refused(night, source) for source in read)


def rejected_table(night: Night, speech: Speech) -> Table:
    """Say why rows were refused, source by source."""
    found = [
        (source, str(reason), whole(rows))
        for source, reasons in sorted(mapping(night.manifest.get("rejected")).items())
        for reason, rows in mapping(reasons).items()
    ]
    found.sort(key=lambda row: (row[0], -row[2], row[1]))
    return Table(
        "Refused rows by reason",
        ("Source", "Reason", "Rows"),
        tuple((title_of(s), title_of(r), speech.number(n)) for s, r, n in found if n),
        words=frozenset({1}),
    )


def bridged(night: Night, speech: Speech) -> tuple[str, ...]:
    """Say what was filled or emptied on the way in, and which purchases have no customer."""
    told = []
    for key, done in (("filled", "filled"), ("emptied", "emptied")):
        for source, columns in sorted(mapping(night.manifest.get(key)).items()):
            for column, cells in sorted(mapping(columns).items()):
                count = speech.count(whole(cells), "cell")
                told.append(f"{count} of {title_of(column).lower()} in {source} {done}.")
    nameless = whole(night.manifest.get("without_customer"))
    if nameless:
        count = speech.count(nameless, "purchase line names", "purchase lines name")
        told.append(f"{count} no customer and count for sales and stock alone.")
    return tuple(told)


def origin_table(night: Night) -> Table:
    """Name the files and versions behind the page, so that it can be made again."""
    files = [
        (
            title_of(str(row.get("name", ""))),
            str(row.get("file", "")),
            str(row.get("sha256", ""))[:16],
        )
        for row in rows_of(night.manifest.get("inputs"))
    ]
    versions = mapping(night.manifest.get("versions"))
    files += [(title_of(name), str(version), "") for name, version in sorted(versions.items())]
    return Table(
        "Files and versions",
        ("What", "File or version", "SHA-256 begins"),
        tuple(files),
        words=frozenset({1, 2}),
    )


def _read(night: Night) -> dict[str, int]:
    read: dict[str, int] = {}
    for row in rows_of(night.manifest.get("inputs")):
        name = str(row.get("name", ""))
        read[name] = read.get(name, 0) + whole(row.get("rows"))
    for source, reasons in sorted(mapping(night.manifest.get("rejected")).items()):
        if source not in read and mapping(reasons):
            read[source] = _refused(night, source)
    return read


def _refused(night: Night, source: str) -> int:
    reasons = mapping(mapping(night.manifest.get("rejected")).get(source))
    return sum(whole(rows) for rows in reasons.values())


def _aside(night: Night, source: str) -> int:
    return whole(mapping(night.manifest.get("set_aside")).get(source))
