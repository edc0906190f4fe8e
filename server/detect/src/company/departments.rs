//! What the departments do on a working day: means for one person, and who is how different.
//! Never: tuned to a detector.

/// A department.
pub(super) struct Department {
    pub(super) name: &'static str,
    /// People in a thousand.
    pub(super) share: u32,
    pub(super) titles: &'static [&'static str],
    /// Code and mean a working day of one person.
    pub(super) acts: &'static [(&'static str, f64)],
    /// External domains that one person deals with.
    pub(super) partners: i32,
    /// Whether people work in shifts, nights included.
    pub(super) shifts: bool,
    /// Evenings on which people work a little more, of all.
    pub(super) evenings: f64,
}

pub(super) const DEPARTMENTS: &[Department] = &[
    Department {
        name: "Sales",
        share: 200,
        titles: &["Account manager", "Sales assistant", "Sales director"],
        acts: &[
            ("EMAIL_SENT", 22.0),
            ("EMAIL_SENT_EXTERNAL", 12.0),
            ("EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", 3.0),
            ("FILE_ACCESSED", 25.0),
            ("FILE_DOWNLOADED", 6.0),
            ("FILE_SHARED_EXTERNALLY", 0.8),
            ("FILE_PRINTED", 1.0),
        ],
        partners: 40,
        shifts: false,
        evenings: 0.08,
    },
    Department {
        name: "Engineering",
        share: 250,
        titles: &["Engineer", "Senior engineer", "Team lead"],
        acts: &[
            ("EMAIL_SENT", 9.0),
            ("EMAIL_SENT_EXTERNAL", 1.0),
            ("EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", 0.1),
            ("FILE_ACCESSED", 55.0),
            ("FILE_DOWNLOADED", 12.0),
            ("FILE_RENAMED", 2.0),
            ("FILE_ARCHIVED", 0.6),
            ("FILE_COPIED_TO_NETWORK_SHARE", 2.0),
            ("FILE_UPLOADED_TO_WEB", 0.15),
            ("DEVICE_FILE_DELETED", 4.0),
        ],
        partners: 6,
        shifts: false,
        evenings: 0.12,
    },
    Department {
        name: "Field service",
        share: 90,
        titles: &["Field engineer", "Dispatcher"],
        acts: &[
            ("EMAIL_SENT", 7.0),
            ("EMAIL_SENT_EXTERNAL", 4.0),
            ("FILE_ACCESSED", 15.0),
            ("FILE_DOWNLOADED", 5.0),
            ("FILE_COPIED_TO_USB", 2.0),
            ("USB_MOUNTED", 0.6),
        ],
        partners: 15,
        shifts: false,
        evenings: 0.05,
    },
    Department {
        name: "Finance",
        share: 100,
        titles: &["Accountant", "Controller"],
        acts: &[
            ("EMAIL_SENT", 14.0),
            ("EMAIL_SENT_EXTERNAL", 4.0),
            ("EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", 1.5),
            ("FILE_ACCESSED", 40.0),
            ("FILE_DOWNLOADED", 8.0),
            ("FILE_PRINTED", 6.0),
        ],
        partners: 12,
        shifts: false,
        evenings: 0.06,
    },
    Department {
        name: "People",
        share: 50,
        titles: &["HR partner", "Recruiter"],
        acts: &[
            ("EMAIL_SENT", 16.0),
            ("EMAIL_SENT_EXTERNAL", 6.0),
            ("EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", 1.0),
            ("EMAIL_SENT_TO_FREE_DOMAIN", 0.8),
            ("FILE_ACCESSED", 20.0),
            ("FILE_DOWNLOADED", 4.0),
            ("FILE_PRINTED", 3.0),
        ],
        partners: 25,
        shifts: false,
        evenings: 0.04,
    },
    Department {
        name: "Marketing",
        share: 70,
        titles: &["Designer", "Campaign manager"],
        acts: &[
            ("EMAIL_SENT", 13.0),
            ("EMAIL_SENT_EXTERNAL", 6.0),
            ("FILE_ACCESSED", 25.0),
            ("FILE_DOWNLOADED", 7.0),
            ("FILE_UPLOADED_TO_WEB", 1.2),
            ("FILE_SHARED_EXTERNALLY", 0.7),
            ("FILE_ARCHIVED", 0.3),
        ],
        partners: 20,
        shifts: false,
        evenings: 0.08,
    },
    Department {
        name: "Clinic",
        share: 160,
        titles: &["Nurse", "Physician", "Emergency physician"],
        acts: &[
            ("EMAIL_SENT", 4.0),
            ("FILE_ACCESSED", 10.0),
            ("FILE_PRINTED", 3.0),
            ("PATIENT_RECORD_RESTRICTED", 0.01),
            ("PATIENT_RECORD_NEIGHBOUR", 0.004),
            ("PATIENT_RECORD_COLLEAGUE", 0.002),
        ],
        partners: 3,
        shifts: true,
        evenings: 0.02,
    },
    Department {
        name: "IT",
        share: 80,
        titles: &["Administrator", "Support"],
        acts: &[
            ("EMAIL_SENT", 10.0),
            ("EMAIL_SENT_EXTERNAL", 2.0),
            ("FILE_ACCESSED", 30.0),
            ("FILE_DOWNLOADED", 10.0),
            ("FILE_COPIED_TO_NETWORK_SHARE", 5.0),
            ("SECURITY_AGENT_REMOVED", 0.01),
            ("ANTIVIRUS_DISABLED", 0.02),
            ("DEVICE_FILE_DELETED", 6.0),
        ],
        partners: 8,
        shifts: false,
        evenings: 0.2,
    },
];

/// Acts of which most people do none and a few do some: code, share of people, mean a working day of those.
pub(super) const NOW_AND_THEN: &[(&str, f64, f64)] = &[
    ("FILE_COPIED_TO_USB", 0.08, 0.15),
    ("FILE_UPLOADED_TO_WEB", 0.15, 0.1),
    ("EMAIL_SENT_TO_FREE_DOMAIN", 0.2, 0.05),
    ("EMAIL_SENT_TO_SELF", 0.15, 0.04),
    ("FILE_SHARED_EXTERNALLY", 0.1, 0.1),
    ("FILE_PRINTED", 0.3, 0.5),
    ("FILE_RENAMED", 0.3, 0.3),
    ("FILE_DELETED", 0.5, 1.5),
    ("UNWANTED_SOFTWARE", 0.03, 0.01),
    ("DLP_POLICY_MATCH", 0.05, 0.02),
];
