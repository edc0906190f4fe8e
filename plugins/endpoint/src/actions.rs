//! DeviceEvents, DeviceLogonEvents and DeviceRegistryEvents: everything but files.
//! Never: a sign-in of a service, or an event for what was only warned of or blocked.

use crate::kinds;
use crate::row::Row;
use connector_sdk::{Emit, Json, Kind, attr, kind, names};

pub(crate) fn actions(row: &Row<'_>, emit: &mut Emit<'_>) {
    let (kind, file) = match meaning(row) {
        Ok(found) => found,
        Err(why) => return emit.ignore(why),
    };
    // Sign-ins are about an account, everything else was done by a process.
    let person = if kind == kind::LOGON { row.person_of("Account") } else { row.person() };
    let person = match person {
        Ok(person) => person,
        Err(why) => return emit.ignore(why),
    };
    match file {
        true => {
            row.file_event(emit, kind, &person, &row.path());
        }
        false => {
            let remote = if kind == kind::LOGON { row.json.at("RemoteIP").text() } else { "".into() };
            let domain = names::host(&row.json.at("RemoteUrl").text());
            let mut event = row.event(emit, kind, &person);
            event.attr(attr::CLIENT_IP, remote);
            if matches!(kind, kind::BROWSED_PHISHING | kind::BROWSED_MALWARE) {
                event.attr(attr::SOURCE_DOMAIN, domain);
            }
        }
    }
}

/// The kind, and whether it is about a file.
fn meaning(row: &Row<'_>) -> Result<(Kind, bool), &'static str> {
    let packed = row.json.at("AdditionalFields").unpacked();
    let more = Json::new(&packed);
    match row.action {
        "UsbDriveMounted" => Ok((kind::USB_MOUNTED, false)),
        "RemovableStorageFileEvent" if is_denied(more) => Err("blocked by a policy on the device"),
        "RemovableStorageFileEvent" if row.path().is_empty() => Err("the row names no file"),
        "RemovableStorageFileEvent" if more.any(&["DuplicatedOperation", "RemovableStorageAccess"]).is("Read") => {
            Err("read from a removable device")
        }
        "RemovableStorageFileEvent" => Ok((kind::FILE_COPIED_TO_USB, true)),
        "RemovableStoragePolicyTriggered" if is_denied(more) => Err("blocked by a policy on the device"),
        "RemovableStoragePolicyTriggered" => Err("a removable device opened: no file is named"),
        "PrintJobBlocked" | "PnpDeviceBlocked" | "PnPDeviceBlocked" => Err("blocked by a policy on the device"),
        "SensitiveFileRead" if row.path().is_empty() => Err("the row names no file"),
        "SensitiveFileRead" => Ok((kind::SENSITIVE_FILE_READ, true)),
        "TamperingAttempt" | "SecurityLogCleared" => Ok((kind::DEFENCE_EVASION, false)),
        "AntivirusDetection" => Err("malware found: the alert tells of it"),
        "SmartScreenUserOverride" | "NetworkProtectionUserBypassEvent" => {
            passed_warning(more).map(|kind| (kind, false))
        }
        "LogonSuccess" => logon(row).map(|kind| (kind, false)),
        "LogonFailed" => Err("a sign-in failed: one alone says nothing"),
        "LogonAttempted" => Err("a sign-in was tried: its result is another row"),
        "RegistryValueSet" => registry(row).map(|kind| (kind, false)),
        action if kinds::NO_INDICATOR.contains(&action) => Err("an action without an indicator"),
        _ => Err("an action that this connector does not know"),
    }
}

fn is_denied(more: Json<'_>) -> bool {
    more.at("RemovableStoragePolicyVerdict").is_one_of(&["Deny", "Denied", "Block", "Blocked"])
}

/// Somebody went on although they were warned. Only the warning says of what.
fn passed_warning(more: Json<'_>) -> Result<Kind, &'static str> {
    let of = more.any(&["Experience", "ResponseCategory"]).text().to_ascii_lowercase();
    if of.contains("phish") {
        Ok(kind::BROWSED_PHISHING)
    } else if ["malicious", "malware", "exploit"].iter().any(|word| of.contains(word)) {
        Ok(kind::BROWSED_MALWARE)
    } else {
        Err("a warning passed over that does not say of what")
    }
}

fn logon(row: &Row<'_>) -> Result<Kind, &'static str> {
    let person = ["Interactive", "RemoteInteractive", "CachedInteractive", "CachedRemoteInteractive", "Unlock"];
    // Some rows list several types as text; one of a person is enough.
    let types = row.json.at("LogonType").text();
    let words = types.split(|c: char| !c.is_alphanumeric());
    if words.into_iter().any(|word| person.iter().any(|known| known.eq_ignore_ascii_case(word))) {
        Ok(kind::LOGON)
    } else {
        Err("a sign-in over the network, of a job or a service")
    }
}

/// The switches of Microsoft's antivirus, set to on: off is the protection.
fn registry(row: &Row<'_>) -> Result<Kind, &'static str> {
    const SWITCHES: [&str; 7] = [
        "DisableAntiSpyware",
        "DisableAntiVirus",
        "DisableRealtimeMonitoring",
        "DisableBehaviorMonitoring",
        "DisableOnAccessProtection",
        "DisableIOAVProtection",
        "DisableScanOnRealtimeEnable",
    ];
    let key = row.json.at("RegistryKey").text().to_ascii_lowercase();
    let data = row.json.at("RegistryValueData").text();
    let on = matches!(data.trim_start_matches("0x").trim_start_matches('0'), "1");
    if key.contains("\\windows defender") && on && row.json.at("RegistryValueName").is_one_of(&SWITCHES) {
        Ok(kind::ANTIVIRUS_DISABLED)
    } else {
        Err("a setting of no consequence here")
    }
}
