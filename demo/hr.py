"""The HR files of the demo: a profile for everybody, and one mixed file of what happened.

Never: a bad row about somebody with a story; if one were taken by mistake, it must show.
"""

import csv
import io

import stories
from stories import QUIET, SHARER, THIEF, day_of

REVIEWED, MOVED, IMPROVING = 12, 9, 23
RAGGED, MISDATED, WORDY = 25, 27, 31
COUNTS = {"profiles": 40, "events_good": 6, "events_bad": 4}

PROFILE_COLUMNS = ["EmailAddress", "UserName", "EmployeeFirstName", "EmployeeLastName", "EmployeeAddLine1",
                   "EmployeeAddLine2", "EmployeeCity", "EmployeeState", "EmployeeZipCode", "EmployeeCountry",
                   "EmployeeDept", "EmployeeType", "EmployeeRole"]
EVENT_COLUMNS = ["HRScenario", "EmailAddress", "ResignationDate", "LastWorkingDate", "EffectiveDate", "OldLevel",
                 "NewLevel", "Remarks", "Rating", "ImprovementRemarks", "PerformanceRating"]


def table(columns):
    out = io.StringIO()
    rows = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    rows.writeheader()
    return out, rows


def profiles(everyone):
    """The Employee profile file: all good."""
    out, rows = table(PROFILE_COLUMNS)
    for p in everyone:
        rows.writerow({"EmailAddress": p.address, "UserName": p.login, "EmployeeFirstName": p.first,
                       "EmployeeLastName": p.last, "EmployeeAddLine1": p.street, "EmployeeCity": p.city,
                       "EmployeeZipCode": p.zip, "EmployeeCountry": "Norway", "EmployeeDept": p.department,
                       "EmployeeType": "Regular", "EmployeeRole": p.title})
    return out.getvalue()


def events(everyone, anchor):
    """Six good rows in the spellings that real exports mix, and four bad ones."""
    out, rows = table(EVENT_COLUMNS)

    def resignation(role, address, at, until):
        rows.writerow({"HRScenario": "Resignation", "EmailAddress": address,
                       "ResignationDate": f"{day_of(anchor, stories.RESIGNED[role])}{at}",
                       "LastWorkingDate": f"{day_of(anchor, -stories.LAST_WORKING_DAY_AFTER[role])}{until}"})

    # With an offset; with Z; with seven digits of a second; an address with capitals and blanks around it.
    resignation(THIEF, everyone[THIEF].address, "T08:30:00+02:00", "T16:00:00+02:00")
    resignation(SHARER, f" {everyone[SHARER].address.upper()} ", "T09:15:49Z", "T15:18:02.7117540")
    rows.writerow({"HRScenario": "Performance review", "EmailAddress": everyone[REVIEWED].address,
                   "EffectiveDate": f"{day_of(anchor, 28)}T15:18:02.4675041+02:00",
                   "Remarks": " Multiple conflicts with the team", "Rating": "2-Below expectation"})
    out.write(f"Resignation,{everyone[RAGGED].address}\r\n")  # cut off before the mandatory date
    rows.writerow({"HRScenario": "Job level change", "EmailAddress": everyone[MOVED].address,
                   "EffectiveDate": f"{day_of(anchor, 33)}T08:00:00Z", "OldLevel": "Level 62 - Manager",
                   "NewLevel": "Level 60 - Senior specialist"})
    rows.writerow({"HRScenario": "Resignation", "EmailAddress": everyone[MISDATED].address,
                   "ResignationDate": "end of next month", "LastWorkingDate": ""})
    resignation(QUIET, everyone[QUIET].address, "T07:00:00.4675041+02:00", "T14:00:00Z")
    rows.writerow({"HRScenario": "Performance review", "EmailAddress": everyone[WORDY].address,
                   "EffectiveDate": f"{day_of(anchor, 20)}T10:00:00Z", "Rating": "4-Meets expectation",
                   "Remarks": "Meets expectations in every respect that was agreed. " * 4})
    rows.writerow({"HRScenario": "Performance improvement plan", "EmailAddress": everyone[IMPROVING].address,
                   "EffectiveDate": f"{day_of(anchor, 25)}T09:00:00+02:00",
                   "ImprovementRemarks": "Delivery dates missed", "PerformanceRating": "3-Needs improvement"})
    rows.writerow({"HRScenario": "Job level change", "EmailAddress": "", "NewLevel": "Level 61 - Lead",
                   "EffectiveDate": f"{day_of(anchor, 18)}T08:00:00Z", "OldLevel": "Level 60 - Senior specialist"})
    return out.getvalue()
