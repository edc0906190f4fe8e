#!/usr/bin/env python3
"""What the connectors make of a folder of published samples: events, rejects and ignored records, with reasons.

    tests/bench/samples.py DATA VIZARD [WORK]

DATA has hr-emr-badge-documented-samples/, saas-audit-rule-tests/, fhir-auditevent/, mail-corpus/ and badge-print-burn/ (its
README says where they come from). VIZARD is the command; the plugins are built with it. Each delivery is laid out as
`vizard plugin check --samples` wants it, and the lines of its report about the deliveries are printed.
"""

import csv
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

PLUGINS = pathlib.Path(__file__).resolve().parents[2] / "plugins"


def lay_out(data, work):
    """Writes WORK/PLUGIN/FEED-NAME.raw and the configurations."""
    made = {}

    def put(plugin, name, body, config):
        folder = work / plugin
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.raw").write_bytes(body)
        (folder / f"{name}.json").write_text(json.dumps(config))
        made.setdefault(plugin, []).append(name)

    documented = data / "hr-emr-badge-documented-samples"
    for path in sorted(documented.glob("hr_*.csv")):
        # A level change and a review have the same needed columns: the configuration says which it is.
        config = {"scenario": "job-level-change"} if "joblevel" in path.name else {}
        config = {"scenario": "performance-review"} if "review" in path.name else config
        put("hr", path.stem, path.read_bytes(), config)
    badge = {"sensitive_assets": ["Mid-Sec-7"]}
    put("badge", "physical_badging", (documented / "physical_badging.json").read_bytes(), badge)

    rows = (data / "saas-audit-rule-tests" / "rule_tests.jsonl").read_text().splitlines()
    feeds = {
        "Microsoft365.": ("m365", "audit", {"internal_domains": ["example.com"]}),
        "Okta.SystemLog": ("identity", "okta", {}),
        "Azure.Audit": ("identity", "entra", {}),
        "Slack.AuditLogs": ("chat", "slack", {"internal_domains": ["example.com"]}),
        "Box.Event": ("cloud-storage", "box", {"internal_domains": ["example.com"]}),
        "GSuite.ActivityEvent": ("cloud-storage", "google", {"internal_domains": ["example.com"]}),
    }
    cut = {}
    for row in map(json.loads, rows):
        # Rules for many products carry events of any of them: taken where the rule is for one product alone.
        kind = row["log_types"][0] if len(row["log_types"]) == 1 else ""
        feed = next((feed for start, feed in feeds.items() if kind.startswith(start)), None)
        if feed and isinstance(row["event"], dict):
            cut.setdefault(json.dumps(feed), []).append(json.dumps(row["event"]))
    for feed, events in cut.items():
        plugin, name, config = json.loads(feed)
        put(plugin, f"{name}-rule-tests", "\n".join(events).encode(), config)

    fhir = [path.read_text() for path in sorted((data / "fhir-auditevent" / "json").glob("*.json"))]
    put("emr", "fhir-auditevent", "\n".join(fhir).encode(), {"names_are_accounts": True})
    for path in sorted((data / "mail-corpus" / "eml").rglob("*.eml")):
        name = "-".join(path.relative_to(data / "mail-corpus" / "eml").with_suffix("").parts)
        put("mail", f"message-{name}", path.read_bytes(), {"internal_domains": ["example.com"]})

    table = next((data / "badge-print-burn").glob("*.csv.gz"))
    with gzip.open(table, "rt", newline="") as text:
        days = csv.DictReader(text)
        lines = [
            json.dumps({"UserId": day["employee_id"], "AssetId": day["employee_campus"], "EventTime": f"{day['date']}T{day['first_entry_time']}",
                        "AccessStatus": "Failed" if day["entered_during_night_hours"] == "1" else "Success"})
            for day in days if day["first_entry_time"]
        ]
    put("badge", "first-entries", "\n".join(lines).encode(), {"sensitive_assets": ["Campus A"], "user_scheme": "employee-id"})
    return made


def main():
    data, vizard = map(pathlib.Path, sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else scratch)
        for plugin, names in lay_out(data, work).items():
            own = ["--data-dir", str(work / "data")]
            built = subprocess.run([vizard, "plugin", "build", str(PLUGINS / plugin), *own], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
            command = [vizard, "--json", "plugin", "check", built.stdout.strip(), "--samples", str(work / plugin), *own]
            report = json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout)
            told, sums = [], {}
            for tried in report["tries"]:
                # That nothing means anything here is no failure of published samples.
                if tried["verdict"] == "failed" and "not one event" not in tried.get("why", ""):
                    print(f"{plugin}: FAILED: {tried['what']}: {tried['why']}")
                if tried["what"].startswith("understands ") and "order" not in tried["what"]:
                    told.append((tried["what"].split()[1].rstrip(","), tried.get("why", "")))
            for name, why in told:
                for times, part in re.findall(r"(\d+) (events|rejects|ignored)\b", why.split(";")[0]):
                    sums[part, ""] = sums.get((part, ""), 0) + int(times)
                for reasons in why.split("; ")[1:]:
                    part, _, reasons = reasons.partition(": ")
                    for times, text in re.findall(r"(\d+) ([^,]+)", reasons):
                        sums[part, text] = sums.get((part, text), 0) + int(times)
                if len(told) <= 5:
                    print(f"{plugin}: {name}: {why}")
            if len(told) > 5:
                counts = [f"{sums.get((part, ''), 0)} {part}" for part in ("events", "rejects", "ignored")]
                reasons = [f"{times} {text}" for (_, text), times in sorted(sums.items(), key=lambda one: -one[1]) if text]
                print(f"{plugin}: {len(told)} deliveries: {', '.join(counts)} ({'; '.join(reasons)})")


if __name__ == "__main__":
    main()
