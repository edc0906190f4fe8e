//! What a viewer may see, as a condition on rows: need to know in every statement that reads for a viewer.
//! And what whoever contributes to a case leaves to others, as far as its subject goes.
//! Never: filtered after the fact; a row out of sight is not counted, paged over or timed.

use super::{
    Store,
    db::{Sql, marks},
};
use crate::permit::Sight;
use sea_orm::Value;
use std::collections::BTreeSet;
use vizard_core::{ids::SubjectId, limits};

/// Members of restricted groups on whose list the viewer at that parameter is not.
fn hidden(at: usize) -> String {
    format!(
        "SELECT m.subject_id FROM priority_group_members m \
         JOIN priority_groups g ON g.id = m.group_id AND g.restricted = 1 WHERE NOT EXISTS \
         (SELECT 1 FROM priority_group_viewers v WHERE v.group_id = g.id AND v.viewer = ${at})"
    )
}

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
                    "({subject} NOT IN ({}) OR {subject} IN (SELECT c.subject_id FROM case_contributors x \
                     JOIN cases c ON c.id = x.case_id WHERE x.viewer = ${at}))",
                    hidden(at)
                )];
                if !own.is_empty() {
                    conditions.push(format!("{subject} NOT IN ({})", marks(values.len(), own.len())));
                    values.extend(own.iter().map(|id| Value::from(id.uuid())));
                }
                conditions
            }
        }
    }

    /// The condition on the column that holds a row's subject that the viewer contributes to an active case about it, or to
    /// any case where that alone puts it in their sight: `core::case::LeftToOthers` is what they do not do then. Nothing
    /// where nobody is limited. What it compares with is added to `values`.
    pub(super) fn contributes(&self, subject: &str, values: &mut Vec<Value>) -> Option<String> {
        let Self::Staff { viewer, .. } = self else { return None };
        values.push(viewer.as_str().into());
        let at = values.len();
        Some(format!(
            "{subject} IN (SELECT c.subject_id FROM case_contributors x JOIN cases c ON c.id = x.case_id \
             WHERE x.viewer = ${at} AND (c.status = 'ACTIVE' OR c.subject_id IN ({})))",
            hidden(at)
        ))
    }

    /// The same as `conditions`, as a text to put after others: ` AND …`, or nothing.
    pub(super) fn and(&self, subject: &str, case: Option<&str>, values: &mut Vec<Value>) -> String {
        self.conditions(subject, case, values).into_iter().map(|condition| format!(" AND {condition}")).collect()
    }
}

/// Those of the subjects with regard to whom the viewer is limited, as `sql` sees it.
pub(super) async fn limited(
    sql: &impl Sql,
    sight: &Sight,
    subjects: &BTreeSet<SubjectId>,
) -> anyhow::Result<BTreeSet<SubjectId>> {
    let mut found = BTreeSet::new();
    let subjects: Vec<SubjectId> = subjects.iter().copied().collect();
    for subjects in subjects.chunks(limits::INSERT_ROWS) {
        let mut values = subjects.iter().map(|id| id.uuid().into()).collect();
        let Some(contributes) = sight.contributes("id", &mut values) else { break };
        let within = marks(0, subjects.len());
        for row in
            sql.rows(&format!("SELECT id FROM subjects WHERE id IN ({within}) AND {contributes}"), values).await?
        {
            found.insert(SubjectId::new(row.get("id")?));
        }
    }
    Ok(found)
}

/// Whether the viewer is limited with regard to this one.
pub(super) async fn is_limited(sql: &impl Sql, sight: &Sight, subject: SubjectId) -> anyhow::Result<bool> {
    Ok(!limited(sql, sight, &BTreeSet::from([subject])).await?.is_empty())
}

impl Store {
    /// Those of the subjects with regard to whom the viewer leaves things to others.
    pub(crate) async fn limited(
        &self,
        sight: &Sight,
        subjects: &BTreeSet<SubjectId>,
    ) -> anyhow::Result<BTreeSet<SubjectId>> {
        limited(&self.db, sight, subjects).await
    }
}
