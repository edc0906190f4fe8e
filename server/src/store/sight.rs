//! What a viewer may see, as a condition on rows: need to know in every statement that reads for a viewer.
//! Never: filtered after the fact; a row out of sight is not counted, paged over or timed.

use super::db::marks;
use crate::permit::Sight;
use sea_orm::Value;

impl Sight {
    /// Conditions on the column that holds a row's subject, and on the one that holds its case where there is one; empty
    /// where everything is in sight. What they compare with is added to `values`.
    pub(super) fn conditions(&self, subject: &str, case: Option<&str>, values: &mut Vec<Value>) -> Vec<String> {
        match self {
            Self::Everybody => vec![],
            Self::Case(of, who) => {
                values.push(who.uuid().into());
                let mut conditions = vec![format!("{subject} = ${}", values.len())];
                if let Some(column) = case {
                    values.push(of.uuid().into());
                    conditions.push(format!("{column} = ${}", values.len()));
                }
                conditions
            }
            Self::Staff { viewer, own } => {
                values.push(viewer.as_str().into());
                let at = values.len();
                let mut conditions = vec![format!(
                    "({subject} NOT IN (SELECT m.subject_id FROM priority_group_members m \
                     JOIN priority_groups g ON g.id = m.group_id AND g.restricted = 1 WHERE NOT EXISTS \
                     (SELECT 1 FROM priority_group_viewers v WHERE v.group_id = g.id AND v.viewer = ${at})) \
                     OR {subject} IN (SELECT c.subject_id FROM case_contributors x JOIN cases c ON c.id = x.case_id \
                     WHERE x.viewer = ${at}))"
                )];
                if !own.is_empty() {
                    conditions.push(format!("{subject} NOT IN ({})", marks(values.len(), own.len())));
                    values.extend(own.iter().map(|id| Value::from(id.uuid())));
                }
                conditions
            }
        }
    }

    /// The same as a text to put after other conditions: ` AND …`, or nothing.
    pub(super) fn and(&self, subject: &str, case: Option<&str>, values: &mut Vec<Value>) -> String {
        self.conditions(subject, case, values).into_iter().map(|condition| format!(" AND {condition}")).collect()
    }
}
