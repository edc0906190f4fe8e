"""The people of the demo whose days are not ordinary, and what should come of each.

Never: depends on the ordinary days; a story is the same whatever happens around it.
"""

import datetime
import random

import shapes
from company import EXTERNALS, document

# Places in the roster.
THIEF, SHARER, DELETED, QUIET, HEAVY, ADMIN = 0, 1, 2, 3, 4, 6

# Days before the last day of data.
RESIGNED = {THIEF: 12, SHARER: 15, QUIET: 13}
LAST_WORKING_DAY_AFTER = {THIEF: 10, SHARER: 3, QUIET: 15}
ACCOUNT_DELETED = 5

DOWNLOADS = {14: 120, 13: 60, 8: 140, 7: 80}  # THIEF: 400 files over four days
USB = {6: 180, 5: 120}  # THIEF: 300 of them
RENAMED = {7: 8, 6: 6}
MAILS = {6: 3, 4: 4}
SHARED = {18: 4, 15: 6, 13: 5, 8: 7, 6: 5}  # SHARER
UPLOADS = {7: 18, 4: 14}
SHARER_DOWNLOADS = {8: 25}
BULK = {8: 150, 7: 90}  # DELETED
FREE_STORAGE = "filedrop.example"


class Plan:
    """Who tells a story on which day. Without people, nobody does."""

    def __init__(self, everyone, anchor):
        self.everyone, self.anchor = everyone, anchor

    def is_role(self, person, role):
        return bool(self.everyone) and person.index == role

    def works(self, person, day):
        """Nobody works whose account is gone."""
        return not (self.is_role(person, DELETED) and (self.anchor - day).days <= ACCOUNT_DELETED)

    def quiet(self, person):
        return self.is_role(person, QUIET)

    def activity(self, person):
        return 0.4 if self.quiet(person) else 1.0

    def records(self, day, stamp):
        """The records of every story on `day`, in no order."""
        if not self.everyone:
            return
        back = (self.anchor - day).days
        for tell in (thief, sharer, deleted, heavy):
            rng = random.Random(f"{tell.__name__}/{back}")
            for second, make in tell(self.everyone, back, day, rng):
                yield make(stamp(day, second))

    def alerting(self):
        people = self.everyone
        return [
            {"login": people[THIEF].login, "address": people[THIEF].address, "trigger": "RESIGNATION",
             "downloaded": sum(DOWNLOADS.values()), "copied_to_usb": sum(USB.values()),
             "renamed": sum(RENAMED.values()), "mailed_to_free_domain": sum(MAILS.values())},
            {"login": people[SHARER].login, "address": people[SHARER].address, "trigger": "RESIGNATION",
             "shared_with_guests_or_anyone": sum(SHARED.values()), "uploaded_to_web": sum(UPLOADS.values()),
             "downloaded": sum(SHARER_DOWNLOADS.values())},
            {"login": people[DELETED].login, "address": people[DELETED].address, "trigger": "ACCOUNT_DELETED",
             "downloaded": sum(BULK.values())},
        ]

    def silent(self):
        people = self.everyone
        return [
            {"login": people[QUIET].login, "address": people[QUIET].address, "trigger": "RESIGNATION"},
            {"login": people[HEAVY].login, "address": people[HEAVY].address, "trigger": None},
        ]


def moments(rng, count, first_hour, last_hour):
    """`count` seconds of a day, in order."""
    return sorted(rng.uniform(first_hour * 3600, last_hour * 3600) for _ in range(count))


def haul(person):
    """The 400 documents that the first story is about: the same whenever it is asked."""
    rng = random.Random("haul")
    return [document(person, rng.random) for _ in range(sum(DOWNLOADS.values()))]


def thief(everyone, back, _day, rng):
    """Resigns; gathers 400 files before and after, renames some, carries 300 away, mails seven home."""
    person = everyone[THIEF]
    docs = haul(person)
    begun = sum(count for day, count in DOWNLOADS.items() if day > back)
    for i, second in enumerate(moments(rng, DOWNLOADS.get(back, 0), 15.5, 20)):
        yield second, lambda time, doc=docs[begun + i]: shapes.file_operation(time, "FileDownloaded", person, doc)
    renamed = sum(count for day, count in RENAMED.items() if day > back)
    for i, second in enumerate(moments(rng, RENAMED.get(back, 0), 16, 17)):
        old, new = docs[renamed + i], f"holiday {renamed + i + 1}.jpg"
        yield second, lambda time, old=old, new=new: shapes.endpoint(
            time, "FileRenamed", person, f"C:\\Users\\{person.login}\\Documents\\{new}", old.url,
            PreviousFileName=shapes.local_path(person, old))
    copied = sum(count for day, count in USB.items() if day > back)
    times = moments(rng, USB.get(back, 0), 19, 21.5)
    if times:
        yield times[0] - 40, lambda time: shapes.endpoint(
            time, "RemovableMediaMount", person, "E:\\", "stick", RemovableMediaDeviceAttributes=shapes.stick(person))
    for i, second in enumerate(times):
        yield second, usb_copy(person, docs, copied + i)
    for i, second in enumerate(moments(rng, MAILS.get(back, 0), 17, 19)):
        number = 70_000_000 + back * 100 + i
        subject = f"Private: papers of {person.name}"
        names = [docs[100 + back * 10 + i].name, docs[300 + back * 10 + i].name]
        yield second, lambda time, s=subject, n=names, k=number: shapes.mail_sent(time, person, s, n, k)
        yield second + 2, lambda time, s=subject, k=number: shapes.mail_matched(
            time, person, [person.private], s, "Attachment to a private mailbox", "High", k)


def usb_copy(person, docs, i):
    """The first fourteen go under the names that they were given."""
    doc = docs[i]
    disguised = i < sum(RENAMED.values())
    path = f"C:\\Users\\{person.login}\\Documents\\holiday {i + 1}.jpg" if disguised else shapes.local_path(person, doc)
    return lambda time: shapes.copied_to_usb(time, person, path, doc.url)


def sharer(everyone, back, _day, rng):
    """Resigns; shares with guests and by open links, uploads to a web drive."""
    person = everyone[SHARER]
    for i, second in enumerate(moments(rng, SHARED.get(back, 0), 7, 15)):
        doc, (_, guest) = document(person, rng.random), EXTERNALS[i % len(EXTERNALS)]
        if i % 3 == 2:
            yield second, lambda time, doc=doc: shapes.file_operation(
                time, "AnonymousLinkCreated", person, doc, EventData="<Type>Edit</Type>")
        else:
            operation = ("SharingSet", "AddedToSecureLink")[i % 2]
            yield second, lambda time, doc=doc, guest=guest, op=operation: shapes.shared_with(
                time, op, person, doc, "Guest", guest)
    for second in moments(rng, UPLOADS.get(back, 0), 15, 16.5):
        path = shapes.local_path(person, document(person, rng.random))
        yield second, lambda time, path=path: shapes.endpoint(
            time, "FileUploadedToCloud", person, path, TargetDomain=FREE_STORAGE,
            TargetUrl=f"https://{FREE_STORAGE}/u/{person.login}", Application="msedge.exe")
    for second in moments(rng, SHARER_DOWNLOADS.get(back, 0), 8, 10):
        doc = document(person, rng.random)
        yield second, lambda time, doc=doc: shapes.file_operation(time, "FileDownloaded", person, doc)


def deleted(everyone, back, _day, rng):
    """Downloads in bulk on two days; then an administrator deletes the account. HR says nothing."""
    person = everyone[DELETED]
    for second in moments(rng, BULK.get(back, 0), 9, 14):
        doc = document(person, rng.random)
        yield second, lambda time, doc=doc: shapes.file_operation(time, "FileDownloaded", person, doc)
    if back == ACCOUNT_DELETED:
        yield 7.66 * 3600, lambda time: shapes.account_deleted(time, everyone[ADMIN], person)


def heavy(everyone, _back, day, rng):
    """Builds reports: 50 to 90 downloads every working day, all year. Nothing ever triggers."""
    if day.weekday() >= 5:
        return
    person = everyone[HEAVY]
    for second in moments(rng, 50 + int(rng.random() * 41), 6, 14):
        doc = document(person, rng.random)
        yield second, lambda time, doc=doc: shapes.file_operation(time, "FileDownloaded", person, doc)


def day_of(anchor, back):
    return anchor - datetime.timedelta(days=back)
