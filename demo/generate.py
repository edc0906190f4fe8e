#!/usr/bin/env python3
"""Writes the sample data of the demo, and larger files of the same kind for measurements.

    demo/generate.py                                         the demo's files, into this folder
    demo/generate.py --check                                 says whether they are what would be written
    demo/generate.py --records N --people P --out F.jsonl.gz N records of ordinary days only, streamed

The same arguments give the same content. Needs Python 3.8 and nothing else.
"""

import argparse
import collections
import csv
import datetime
import gzip
import io
import itertools
import json
import pathlib
import random
import sys
import zlib

sys.dont_write_bytecode = True

import hr  # noqa: E402
import shapes  # noqa: E402
import stories  # noqa: E402
from company import EXTERNALS, document, people  # noqa: E402

ANCHOR = datetime.date(2026, 6, 30)  # the last day; the demo moves every date so that this one is recent
DAYS = 60
DEMO_RECORDS = 18_000  # of ordinary days; the stories come on top
DEMO_PEOPLE = 40
SEED = 20_177
WEEKEND = 0.06  # of a working day's activity
REDELIVERED = 20  # records that come twice, as the real service delivers at least once

# How often people do what on an ordinary day.
ORDINARY = [
    (30, "FileAccessed"), (11, "FileModified"), (8, "FilePreviewed"), (7, "FileDownloaded"), (5, "FileUploaded"),
    (3, "FileSyncDownloadedFull"), (1.5, "FileRecycled"), (1, "FileRenamed"), (11, "mail"), (4, "mail out"),
    (7, "MessageSent"), (3, "TeamsSessionStarted"), (1.5, "share inside"), (0.5, "share outside"), (0.1, "link"),
    (1.2, "FilePrinted"), (1.5, "FileCopiedToClipboard"), (1.5, "FileCreated"), (1, "FileModified on a device"),
    (0.5, "FileCopiedToNetworkShare"), (0.2, "FileCopiedToRemovableMedia"), (0.25, "FileUploadedToCloud"),
    (0.4, "UserLoginFailed"), (0.15, "MemberAdded"), (0.1, "dlp mail"), (0.1, "dlp file"), (0.03, "rule"),
]
# What somebody does who draws no attention at all.
QUIET = {"FileAccessed", "FileModified", "FilePreviewed", "mail", "MessageSent", "TeamsSessionStarted"}
ON_DEVICE = ("FileCopied", "FilePrinted", "FileCreated", "FileUploadedToCloud", "FileModified on")
SITES = ["translate.example", "forms.example", "parcel-labels.example"]


def stamp(day, second):
    """A time as the service writes it: UTC, without saying so."""
    moment = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(seconds=int(second))
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


class Wheel:
    """Draws from weighted choices."""

    def __init__(self, weighted):
        self.choices = [choice for _, choice in weighted]
        self.marks = list(itertools.accumulate(weight for weight, _ in weighted))

    def draw(self, rng):
        return rng.choices(self.choices, cum_weights=self.marks)[0]


ALL_KINDS = Wheel(ORDINARY)
QUIET_KINDS = Wheel([(weight, kind) for weight, kind in ORDINARY if kind in QUIET])


def ordinary_record(kind, time, person, everyone, rng, number):
    """One record of `kind`. The files, colleagues and customers are drawn."""
    draw = rng.random
    doc = document(person, draw)
    if kind.startswith("File"):
        if kind.startswith(ON_DEVICE):
            return device_record(kind.split(" ")[0], time, person, doc, draw)
        if kind == "FileRenamed":
            return shapes.file_operation(time, kind, person, doc, DestinationFileName="Final " + doc.name,
                                         DestinationRelativeUrl=doc.folder, DestinationFileExtension=doc.extension)
        return shapes.file_operation(time, kind, person, doc)
    colleague = everyone[int(draw() * len(everyone))]
    name, address = EXTERNALS[int(draw() * len(EXTERNALS))]
    if kind == "mail":
        attached = [doc.name] if draw() < 0.2 else []
        return shapes.mail_sent(time, person, f"For {colleague.first}: {doc.name}", attached, number)
    if kind == "mail out":
        return shapes.mail_sent(time, person, f"{name}: your question", [doc.name] if draw() < 0.3 else [], number)
    if kind == "share inside":
        return shapes.shared_with(time, "SharingSet", person, doc, "Member", colleague.address)
    if kind == "share outside":
        return shapes.shared_with(time, "AddedToSecureLink", person, doc, "Guest", address)
    if kind == "link":
        return shapes.file_operation(time, "AnonymousLinkCreated", person, doc, EventData="<Type>View</Type>")
    if kind == "MessageSent":
        return shapes.teams(time, kind, person, number, MessageId=str(1_700_000_000 + number),
                            CommunicationType="OneOnOne")
    if kind == "MemberAdded":
        guest = draw() < 0.4
        member = {"DisplayName": name, "Role": 3, "UPN": address} if guest else \
            {"DisplayName": colleague.name, "Role": 0, "UPN": colleague.address}
        return shapes.teams(time, kind, person, number, Members=[member])
    if kind == "UserLoginFailed":
        return shapes.signed_in(time, person, succeeded=False)
    if kind == "dlp mail":
        return shapes.mail_matched(time, person, [address], f"{name}: {doc.name}", "Design data in mail", "Low", number)
    if kind == "dlp file":
        return shapes.file_matched(time, person, doc, "Design data shared", "Medium", number)
    if kind == "rule":
        return shapes.inbox_rule(time, person, colleague.address)
    return shapes.teams(time, kind, person, number)


def device_record(operation, time, person, doc, draw):
    """What happens on a person's own machine."""
    path = shapes.local_path(person, doc)
    if operation == "FileCopiedToRemovableMedia":
        return shapes.copied_to_usb(time, person, path)
    more = {}
    if operation == "FilePrinted":
        more = {"TargetPrinterName": f"\\\\print\\{person.department[:3].upper()}-2"}
    elif operation == "FileUploadedToCloud":
        site = SITES[int(draw() * len(SITES))]
        more = {"TargetDomain": site, "TargetUrl": f"https://{site}/upload", "Application": "msedge.exe"}
    elif operation == "FileCopiedToNetworkShare":
        more = {"TargetFilePath": f"\\\\files\\{person.department}\\{doc.name}", "DestinationLocationType": 3}
    return shapes.endpoint(time, operation, person, path, **more)


def ordinary_day(day, wanted, everyone, plan, seed):
    """`wanted` records of one day, in the order of their times. Each person's first is a sign-in."""
    rng = random.Random(f"{seed}/{day.toordinal()}")
    at_work = [p for p in everyone if plan.works(p, day)]
    weights = list(itertools.accumulate(p.activity * plan.activity(p) for p in at_work))
    moments = []
    for _ in range(wanted):
        person = rng.choices(at_work, cum_weights=weights)[0]
        moments.append((person.starts_at + rng.random() * rng.random() * 2_000 + rng.random() * 30_000, person.index))
    moments.sort()
    seen = set()
    for number, (second, index) in enumerate(moments):
        person, time = everyone[index], stamp(day, second)
        if index not in seen:
            seen.add(index)
            yield shapes.signed_in(time, person)
            continue
        kind = (QUIET_KINDS if plan.quiet(person) else ALL_KINDS).draw(rng)
        yield ordinary_record(kind, time, person, everyone, rng, day.toordinal() * 100_000 % 90_000_000 + number)


def spread(records):
    """How many of `records` fall on each day: workdays alike, little at the weekend, the rest on the last."""
    days = [ANCHOR - datetime.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    weights = [WEEKEND if day.weekday() >= 5 else 1.0 for day in days]
    shares = [int(records * weight / sum(weights)) for weight in weights]
    shares[-1] += records - sum(shares)
    return zip(days, shares)


def numbered(records, tag):
    """Gives each record its Id: unique within the file and between files of different arguments."""
    for number, record in enumerate(records, 1):
        yield {"Id": f"{number * 2_654_435_761 % 2**32:08x}-{tag:04x}-4e0c-8b7f-{number:012x}", **record}


def line(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def tag_of(records, count):
    return zlib.crc32(f"{records}/{count}".encode()) & 0xFFFF


def demo_lines():
    """The demo's audit file as lines, with what is in it."""
    everyone = people(DEMO_PEOPLE)
    plan = stories.Plan(everyone, ANCHOR)
    days = []
    for day, share in spread(DEMO_RECORDS):
        told = list(plan.records(day, stamp))
        told += ordinary_day(day, share, everyone, plan, SEED)
        days += sorted(told, key=lambda record: record["CreationTime"])
    records = list(numbered(days, tag_of(DEMO_RECORDS, DEMO_PEOPLE)))
    counts = collections.Counter(r["Operation"] for r in records)
    lines = [line(r) for r in records]
    step = len(lines) // (REDELIVERED + 1)
    for i in range(REDELIVERED, 0, -1):  # from the end, so that earlier positions stay
        lines.insert(i * step + 40, lines[i * step])
    broken = broken_lines(records)
    for i, text in enumerate(broken):
        lines.insert((i + 1) * 5_000, text)
    expected = {
        "records": len(records), "redelivered": REDELIVERED, "broken": len(broken), "lines": len(lines),
        "operations": dict(sorted(counts.items())), "hr": hr.COUNTS, "people": len(everyone),
        "subjects_with_alert": plan.alerting(), "subjects_without_alert": plan.silent(),
    }
    return lines, expected, everyone


def broken_lines(records):
    """Three lines that no connector can take: cut off, without a time, with a time that is none."""
    cut = line(records[300])
    untimed = {k: v for k, v in records[400].items() if k != "CreationTime"}
    mistimed = {**records[500], "CreationTime": "half past nine"}
    for number, record in enumerate((untimed, mistimed)):
        record["Id"] = f"bad0000{number}-0000-4e0c-8b7f-00000000000{number}"
    return [cut[: len(cut) // 2] + "\n", line(untimed), line(mistimed)]


def people_table(everyone):
    """Every name and address in the data, for tests that search for leaks."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["Kind", "Name", "FirstName", "LastName", "Address", "Login", "Folder", "Device", "PrivateAddress"])
    for p in everyone:
        table.writerow(["employee", p.name, p.first, p.last, p.address, p.login, p.folder, p.device, p.private])
    for name, address in EXTERNALS:
        first, last = name.split(" ")
        table.writerow(["external", name, first, last, address, address.split("@")[0], "", "", ""])
    return out.getvalue()


def demo_files():
    """Every file of the demo, by name."""
    lines, expected, everyone = demo_lines()
    return {
        "m365-audit.jsonl.gz": "".join(lines), "hr-profiles.csv": hr.profiles(everyone),
        "hr-events.csv": hr.events(everyone, ANCHOR), "people.csv": people_table(everyone),
        "expected.json": json.dumps(expected, indent=2, ensure_ascii=False) + "\n",
    }


def packed(text):
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def check(folder):
    """Compares content, not packing: compressors differ between machines."""
    wrong = []
    for name, text in demo_files().items():
        path = folder / name
        data = path.read_bytes() if path.exists() else b""
        if (gzip.decompress(data) if name.endswith(".gz") and data else data) != text.encode():
            wrong.append(name)
    print(f"differs from what demo/generate.py writes: {', '.join(wrong)}" if wrong else "demo/: as generated",
          file=sys.stderr)
    return 1 if wrong else 0


def measure(records, count, out):
    """Streams `records` ordinary records; no story, nothing broken, nothing twice."""
    everyone = people(count)
    plan = stories.Plan([], ANCHOR)
    days = (ordinary_day(day, share, everyone, plan, SEED) for day, share in spread(records))
    with gzip.GzipFile(out, "wb", compresslevel=3, mtime=0) as gz, io.BufferedWriter(gz, 1 << 20) as file:
        for record in numbered(itertools.chain.from_iterable(days), tag_of(records, count)):
            file.write(line(record).encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the files of this folder; write nothing")
    parser.add_argument("--records", type=int, help="write a file for measurements with so many records")
    parser.add_argument("--people", type=int, default=2_000, help="how many people are in it (default 2000)")
    parser.add_argument("--out", help="the file for measurements")
    args = parser.parse_args()
    folder = pathlib.Path(__file__).resolve().parent
    if args.check:
        return check(folder)
    if args.records is not None:
        if not args.out or args.records < 1 or args.people < 1:
            parser.error("--records needs --out, and both counts at least 1")
        measure(args.records, args.people, args.out)
        return 0
    for name, text in demo_files().items():
        (folder / name).write_bytes(packed(text) if name.endswith(".gz") else text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
