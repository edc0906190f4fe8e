//! What a share opens: the sections of one case, to read. The same table as the access matrix, for holders of a share token.
//! Never: a change, but the answer to a question; anything that can name a person through a share that hides identity.

use super::{Action, Resource};
use crate::{
    limits,
    problem::{Problem, ProblemCode},
    words::words,
};

words! {
    /// A part of a case that a share opens.
    ShareSection {
        /// How it ended and what was done; its subject's department and risk.
        Summary = "SUMMARY",
        /// Its insights, and how the score came to be what it is.
        Timeline = "TIMELINE",
        /// Notes: those of the system, and with identity those of staff.
        Notes = "NOTES",
        /// Its alerts.
        Alerts = "ALERTS",
        /// The events beneath its insights, and with identity their content.
        Evidence = "EVIDENCE",
        /// A question to the share's holder, which they may answer.
        Question = "QUESTION",
    }
}

words! {
    /// Whom a case is shared with.
    ShareAudience {
        /// Human resources.
        Hr = "HR",
        /// The legal department.
        Legal = "LEGAL",
        /// Somebody who leads people.
        Manager = "MANAGER",
    }
}

/// What a share opens of its one case. `identity` tells whether names may be read through it now.
pub fn allows(sections: &[ShareSection], identity: bool, resource: Resource, action: Action) -> bool {
    let has = |section: ShareSection| sections.contains(&section);
    if action != Action::Read {
        return resource == Resource::ConsultationAnswers && has(ShareSection::Question);
    }
    match resource {
        Resource::CaseHeaders => true,
        Resource::Consultations => has(ShareSection::Question),
        Resource::Insights => has(ShareSection::Timeline) || has(ShareSection::Alerts) || has(ShareSection::Evidence),
        Resource::Notes => has(ShareSection::Notes),
        Resource::Alerts => has(ShareSection::Alerts),
        Resource::Activities => has(ShareSection::Evidence),
        Resource::EvidenceContent => has(ShareSection::Evidence) && identity,
        _ => false,
    }
}

/// What is wrong with a share before it is made: its sections and how long it holds, in hours. `asks` tells whether it is made
/// for a question.
pub fn check(sections: &[ShareSection], hours: i32, recipient: &str, asks: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    if sections.contains(&ShareSection::Question) != asks {
        let message = "A question goes out with the mutation askConsultation.";
        problems.push(Problem::new(&["input", "sections"], ProblemCode::Invalid, message));
    }
    if sections.is_empty() {
        let message = "Name at least one section: SUMMARY, TIMELINE, NOTES, ALERTS, EVIDENCE.";
        problems.push(Problem::new(&["input", "sections"], ProblemCode::Required, message));
    }
    if !limits::SHARE_HOURS.contains(&hours) {
        let (least, most) = (limits::SHARE_HOURS.start(), limits::SHARE_HOURS.end());
        let message = format!("A share holds for {least} to {most} hours.");
        problems.push(Problem::new(&["input", "expiresInHours"], ProblemCode::Invalid, message));
    }
    if let Err(problem) = crate::case::name_of("recipient", recipient, &["input", "recipient"]) {
        problems.push(problem);
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each section opens alone, masked and with identity, in plain text for people who read no code.
    fn table() -> String {
        let width = Resource::ALL.iter().map(|resource| resource.as_str().len()).max().unwrap_or(0);
        let mut text = format!("{:width$}", "");
        for section in ShareSection::ALL {
            text.push_str(&format!("  {section}"));
        }
        text.push('\n');
        for resource in Resource::ALL {
            let mut line = format!("{:width$}", resource.as_str());
            let mut opens = false;
            for section in ShareSection::ALL {
                let mark = match [false, true].map(|identity| allows(&[*section], identity, *resource, Action::Read)) {
                    [true, _] => "yes",
                    [false, true] => "with identity",
                    [false, false] => "-",
                };
                opens |= mark != "-";
                line.push_str(&format!("  {mark:<0$}", section.as_str().len()));
            }
            if opens {
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        text
    }

    #[test]
    fn the_printed_table_of_shares_is_the_reviewed_one() {
        insta::assert_snapshot!(table());
    }

    #[test]
    fn a_share_changes_nothing_but_the_answer_to_its_question() {
        for resource in Resource::ALL {
            let answers = *resource == Resource::ConsultationAnswers;
            assert_eq!(allows(ShareSection::ALL, true, *resource, Action::Change), answers, "{resource}");
            for section in ShareSection::ALL.iter().filter(|section| **section != ShareSection::Question) {
                assert!(!allows(&[*section], true, *resource, Action::Change), "{section} {resource}");
            }
        }
    }

    #[test]
    fn a_share_needs_a_section_a_recipient_and_an_end() {
        assert_eq!(check(&[ShareSection::Summary], 24, "Legal, matter 17", false), []);
        let codes: Vec<String> = check(&[], 0, " ", false).iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(codes, ["input.sections", "input.expiresInHours", "input.recipient"]);
        assert_eq!(check(&[ShareSection::Notes], 24 * 91, "HR", false).len(), 1);
        assert_eq!(check(&[ShareSection::Question], 24, "HR", false).len(), 1);
        assert_eq!(check(&[ShareSection::Question], 24, "HR", true), []);
    }
}
