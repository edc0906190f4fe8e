#!/usr/bin/env python3
"""A hospital's export of accesses to patient records, of any length, and the HR profiles of who opened them.

    patients.py --rows 5000000 --people 3000 --out FOLDER

writes FOLDER/hr.csv and FOLDER/healthcare.csv. Every 1,000th row is broken (no date), every 500th opens the record of somebody
called like the employee and living where they do. The same arguments give the same files. Names are made of syllables.
Never: a real person's data.
"""
import argparse
import pathlib
import random

SYLLABLES = "ba be bi bo da de di do fa fe ga go ha he jo ka ke ko la le li lo ma me mi mo na ne no pa pe ra re ro sa se ta te to va ve wi za zo".split()
HR = "EmailAddress,EmployeeId,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1,EmployeeZipCode,EmployeeDept\n"
HEADER = ("Creation Time,Event Name,Workstation Id,Patient Reg Id,Patient First Name,Patient Last Name,Patient Address Line 1,"
          "Patient City,Patient Zip Code,Restricted Access Reason,Email Address (UPN) or SamAccountName\n")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--people", type=int, default=3_000)
    options.add_argument("--out", type=pathlib.Path, required=True)
    asked = options.parse_args()
    draw = random.Random(19)
    name = lambda parts: "".join(draw.choice(SYLLABLES) for _ in range(parts)).capitalize()
    people = [(f"p{at}@clinic.example", name(2), name(3), f"{draw.randint(1, 99)} {name(3)} Road", 1_000 + at % 400)
              for at in range(asked.people)]
    patients = [(name(2), name(3), f"{draw.randint(1, 99)} {name(3)} Road", 1_000 + draw.randint(0, 399)) for _ in range(50_000)]
    asked.out.mkdir(parents=True, exist_ok=True)
    with open(asked.out / "hr.csv", "w", encoding="utf-8") as file:
        file.write(HR)
        for at, (mail, first, last, street, code) in enumerate(people):
            file.write(f"{mail},E{at},{first},{last},{street},{code},Ward {at % 40}\n")
    with open(asked.out / "healthcare.csv", "w", encoding="utf-8") as file:
        file.write(HEADER)
        for at in range(asked.rows):
            second = at * 30 * 86_400 // asked.rows
            day, second = divmod(second, 86_400)
            time = f"2026-10-{day + 1:02}T{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
            mail, first, last, street, code = people[draw.randrange(len(people))]
            if at % 500 == 499:
                patient = (name(2), last, street, code)
            else:
                patient = patients[draw.randrange(len(patients))]
            when = "" if at % 1_000 == 0 else time
            file.write(f"{when},Chart opened,WS-{at % 700},{at % 50_000},{patient[0]},{patient[1]},{patient[2]},Halden,{patient[3]},,{mail}\n")


if __name__ == "__main__":
    main()
