"""Audit records in the shapes of the Office 365 Management Activity API, as its public schema documents them.

Never: a time without "T" or a date anywhere but in a time field (the demo moves all of them by whole days).
"""

import hashlib

from company import DOMAIN

ORGANIZATION = "7c1f0d52-8f2b-4e6a-9d3c-5b0a1e94c7d8"
BROWSER = "MSWAC"  # the web editor; short, as in most real records


def common(time, record_type, operation, workload, user, key, kind=0):
    """The fields that every record has; the generator adds Id when it writes."""
    return {"CreationTime": time, "RecordType": record_type, "Operation": operation, "OrganizationId": ORGANIZATION,
            "UserType": kind, "UserKey": key, "UserId": user, "Version": 1, "Workload": workload}


def message_id(person, number):
    """The InternetMessageId of a mail, by which its records belong together."""
    return f"<{number:08x}.{person.index}@{DOMAIN}>"


def guid(prefix, number):
    return f"{prefix}{number % 2**24:06x}-0000-4d1c-93aa-{number:012x}"


def file_operation(time, operation, person, doc, **more):
    """SharePoint and OneDrive: RecordType 6 for files, 14 for sharing."""
    sharing = "TargetUserOrGroupName" in more or operation.startswith("AnonymousLink")
    record = common(time, 14 if sharing else 6, operation, doc.workload, person.address, person.key)
    record.update(ClientIP=person.ip, ObjectId=doc.url, EventSource="SharePoint", ItemType="File", UserAgent=BROWSER,
                  SiteUrl=doc.site, SourceRelativeUrl=doc.folder, SourceFileName=doc.name,
                  SourceFileExtension=doc.extension)
    record.update(more)
    return record


def shared_with(time, operation, person, doc, kind, name):
    """SharingSet, AddedToSecureLink and their like; `kind` is Member or Guest."""
    return file_operation(time, operation, person, doc, TargetUserOrGroupType=kind, TargetUserOrGroupName=name,
                          EventData="<Type>Edit</Type>")


def local_path(person, doc):
    """Where a person's copy of a document lies."""
    return f"C:\\Users\\{person.login}\\Documents\\{doc.folder.split('/')[-1]}\\{doc.name}"


def endpoint(time, operation, person, path, content=None, **more):
    """A device's file activity: RecordType 63. `content` names what the file holds: copies have one hash."""
    name = path.split("\\")[-1]
    extension = name.rsplit(".", 1)[-1]
    digest = hashlib.sha256((content or name).encode()).hexdigest()
    record = common(time, 63, operation, "Endpoint", person.typed, person.address)
    record.update(ClientIP=person.ip, ObjectId=path, DeviceName=f"{person.device}.{DOMAIN}", Platform=1,
                  Application="explorer.exe", FileExtension=extension, FileSize=int(digest[:5], 16), FileType="Office",
                  SourceLocationType=1, Hidden=False, EnforcementMode=0, Sha256=digest)
    record.update(more)
    return record


def copied_to_usb(time, person, path, content=None):
    """FileCopiedToRemovableMedia: the stick gets drive E:."""
    return endpoint(time, "FileCopiedToRemovableMedia", person, path, content, DestinationLocationType=2,
                    TargetFilePath="E:\\" + path.split("\\")[-1], RemovableMediaDeviceAttributes=stick(person))


def stick(person):
    """What is known of a person's USB stick."""
    return {"Manufacturer": "Generic", "Model": "Flash Disk", "SerialNumber": f"SN{person.index * 104729 + 5000011}"}


def mail_sent(time, person, subject, attachments, number):
    """Exchange mailbox auditing, RecordType 2: says what was sent, not to whom."""
    record = common(time, 2, "Send", "Exchange", person.address, person.puid)
    item = {"Id": f"RgAAAAB{person.index:04}{number:06}", "InternetMessageId": message_id(person, number),
            "ParentFolder": {"Id": "LgAAAAC1", "Path": "\\Sent Items"}, "SizeInBytes": 18_000 + number % 9_000,
            "Subject": subject}
    if attachments:
        item["Attachments"] = "; ".join(f"{name} ({len(name) * 3571}b)" for name in attachments)
    record.update(ClientIP=person.ip, ClientInfoString="Client=MSExchangeRPC", ExternalAccess=False,
                  MailboxOwnerUPN=person.address, LogonType=0, ResultStatus="Succeeded", Item=item)
    return record


def mail_matched(time, person, recipients, subject, rule, severity, number):
    """A DLP rule matched a mail, RecordType 13: the agent reports, the sender stands in the mail's description."""
    record = common(time, 13, "DlpRuleMatch", "Exchange", "DlpAgent", "DlpAgent", 4)
    record.update(
        ObjectId=message_id(person, number), IncidentId=guid("b7", number),
        SensitiveInfoDetectionIsIncluded=False,
        ExchangeMetaData={"From": person.address, "To": recipients, "CC": [], "BCC": [], "Subject": subject,
                          "MessageID": message_id(person, number), "Sent": time,
                          "RecipientCount": len(recipients), "UniqueID": guid("c4", number)},
        PolicyDetails=[policy(rule, severity)])
    return record


def file_matched(time, person, doc, rule, severity, number):
    """A DLP rule matched a file, RecordType 11."""
    record = common(time, 11, "DlpRuleMatch", doc.workload, "DlpAgent", "DlpAgent", 4)
    record.update(
        ObjectId=doc.url, IncidentId=guid("b8", number),
        SensitiveInfoDetectionIsIncluded=True,
        SharePointMetaData={"From": person.address, "itemCreationTime": time, "FileName": doc.name,
                            "FileOwner": person.name, "FilePathUrl": doc.url, "SiteCollectionUrl": doc.site,
                            "UniqueID": guid("c5", number)},
        PolicyDetails=[policy(rule, severity)])
    return record


def policy(rule, severity):
    """What of which policy matched."""
    return {"PolicyId": "3d0f6a11-52c7-4a8e-b1d9-0c64e2f7a935", "PolicyName": "Design data",
            "Rules": [{"RuleId": "9e2b7c40-1f6d-4c3a-8a5e-7d10b94f62c8", "RuleName": rule, "RuleMode": "Enable",
                       "Severity": severity, "Actions": ["GenerateAlert"],
                       "ConditionsMatched": {"ConditionMatchedInNewScheme": True, "SensitiveInformation": [
                           {"SensitiveType": "50842eb7-edc8-4019-85dd-5a5c1f2bb085", "Count": 2, "Confidence": 85}]}}]}


def signed_in(time, person, succeeded=True):
    """Directory sign-in, RecordType 15."""
    record = common(time, 15, "UserLoggedIn" if succeeded else "UserLoginFailed", "AzureActiveDirectory",
                    person.typed, person.object_id)
    record.update(ClientIP=person.ip, ObjectId="00000002-0000-0000-c000-000000000000", AzureActiveDirectoryEventType=1,
                  ResultStatus="Success" if succeeded else "Failed",
                  ApplicationId="4345a7b9-9a63-4910-a426-35363201d503",
                  ExtendedProperties=[{"Name": "UserAgent", "Value": BROWSER},
                                      {"Name": "RequestType", "Value": "Login:login"}])
    return record


def account_deleted(time, admin, person):
    """Directory administration, RecordType 8: "Delete user." on the account that ObjectId names."""
    record = common(time, 8, "Delete user.", "AzureActiveDirectory", admin.address,
                    f"{admin.puid}@{DOMAIN}", 2)
    record.update(
        ClientIP=admin.ip, ObjectId=person.address, AzureActiveDirectoryEventType=1, ResultStatus="Success",
        Actor=[{"ID": admin.address, "Type": 5}], ActorContextId=ORGANIZATION, TargetContextId=ORGANIZATION,
        Target=[{"ID": f"User_{person.object_id}", "Type": 2}, {"ID": "User", "Type": 2},
                {"ID": person.address, "Type": 5}],
        ModifiedProperties=[{"Name": "Is Hard Deleted", "NewValue": "False", "OldValue": ""}],
        ExtendedProperties=[{"Name": "additionalDetails", "Value": "{\"UserType\":\"Member\"}"}])
    return record


def teams(time, operation, person, number, **more):
    """Teams, RecordType 25."""
    record = common(time, 25, operation, "MicrosoftTeams", person.address, person.object_id)
    record.update(ClientIP=person.ip, TeamName=person.department, TeamGuid=f"19:{number % 6:08x}@thread.skype")
    record.update(more)
    return record


def inbox_rule(time, person, target):
    """Exchange administration, RecordType 1: a rule that forwards mail."""
    record = common(time, 1, "New-InboxRule", "Exchange", person.address, person.puid, 0)
    record.update(ClientIP=person.ip + ":50123", ObjectId=f"{person.address}\\Forward", ResultStatus="True",
                  ExternalAccess=False, OrganizationName="haldenoptics.onmicrosoft.example",
                  Parameters=[{"Name": "Name", "Value": "Forward"}, {"Name": "ForwardTo", "Value": target},
                              {"Name": "SubjectContainsWords", "Value": "invoice"}])
    return record
